import type { DataverseRow, Row, RowValue, Scalar } from '../dataverse/index.ts';

/**
 * The columns that have to be written: equal values still raise events and audit
 * in Dataverse, so only differences are sent (facts/dataverse-and-events.md A2).
 */
export function changedColumns(desired: Row, stored: DataverseRow): Row {
  return Object.fromEntries(
    Object.entries(desired).filter(([column, value]) => !sameValue(value, stored.values[column])),
  );
}

/** The wanted columns that hold something; what a new row needs. */
export function filledColumns(desired: Row): Row {
  return Object.fromEntries(Object.entries(desired).filter(([, value]) => value !== null));
}

/**
 * Whether Dataverse already holds the value. Dataverse keeps instants to the
 * second, trims nothing, answers lookups as lower-case ids, and does not tell an
 * empty text from none.
 */
export function sameValue(desired: RowValue, stored: Scalar | undefined): boolean {
  if (desired === null || desired === '')
    return stored === null || stored === undefined || stored === '';
  if (stored === null || stored === undefined) return false;
  if (typeof desired === 'object')
    return String(stored).toLowerCase() === desired.lookup.id.toLowerCase();
  if (typeof desired === 'number') return sameNumber(desired, Number(stored));
  if (typeof desired === 'string' && isInstant(desired))
    return secondOf(desired) === secondOf(String(stored));
  return desired === stored;
}

/** Decimals come back rounded to the precision of the column. */
const sameNumber = (left: number, right: number): boolean =>
  Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right));

const isInstant = (text: string): boolean => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(text);

const secondOf = (text: string): number => Math.floor(Date.parse(text) / 1000);
