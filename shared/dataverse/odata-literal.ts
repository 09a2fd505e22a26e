import { AppError } from '../errors.ts';
import type { ColumnMetadata, Scalar, TableMetadata } from './contract.ts';

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const dateForm = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/;
const numberForm = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const guidTypes = new Set(['Lookup', 'Customer', 'Owner', 'Uniqueidentifier']);

/** What a literal without quotes looks like, by `AttributeType`; every other type is quoted text. */
const bareForms: ReadonlyMap<string, RegExp> = new Map([
  ['Integer', numberForm],
  ['BigInt', numberForm],
  ['Decimal', numberForm],
  ['Double', numberForm],
  ['Money', numberForm],
  ['Picklist', numberForm],
  ['State', numberForm],
  ['Status', numberForm],
  ['DateTime', dateForm],
  ['Boolean', /^(true|false)$/],
]);

/** A row id as URLs and binds take it. */
export function guidOf(id: string, place: string): string {
  if (!guidForm.test(id)) {
    throw new AppError('INPUT_INVALID', `${place}: the id is not a GUID`);
  }
  return id.toLowerCase();
}

export function isGuidColumn(column: ColumnMetadata): boolean {
  return guidTypes.has(column.type);
}

/** A text literal: quotes doubled; lone surrogates cannot be percent-encoded and are replaced. */
export function quoted(text: string): string {
  return `'${text.toWellFormed().replaceAll("'", "''")}'`;
}

/**
 * A value as `$filter` compares it with a column, not yet percent-encoded.
 *
 * @throws AppError INPUT_INVALID for a value that is not of the column's type.
 */
export function literalFor(value: Scalar, column: ColumnMetadata, table: TableMetadata): string {
  if (value === null) {
    return 'null';
  }
  const text = String(value);
  const place = `${table.logicalName}.${column.logicalName}`;
  if (isGuidColumn(column)) {
    return guidOf(text, place);
  }
  const bareForm = bareForms.get(column.type);
  if (bareForm === undefined) {
    return quoted(text);
  }
  if (!bareForm.test(text)) {
    throw new AppError('INPUT_INVALID', `${place}: a filter value is not of type ${column.type}`);
  }
  return text;
}

/**
 * A list of texts as query functions take it. Punctuation is written as `\uXXXX`: brackets and
 * quotes inside a string would otherwise confuse the URL parser, which finds the end of the array
 * before any JSON parser sees it.
 */
export function textArray(values: readonly string[]): string {
  return `[${values.map(inertText).join(',')}]`;
}

function inertText(text: string): string {
  const escaped = text.toWellFormed().replaceAll(/[^\w .:\u0080-\uffff-]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}
