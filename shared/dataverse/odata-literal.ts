import { AppError } from '../errors.ts';
import type { ColumnMetadata, Scalar, TableMetadata } from './contract.ts';

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const dateForm = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/;
const guidTypes = new Set(['Lookup', 'Customer', 'Owner', 'Uniqueidentifier']);
const numberTypes = new Set([
  'Integer',
  'BigInt',
  'Decimal',
  'Double',
  'Money',
  'Picklist',
  'State',
  'Status',
]);

/** A row id as URLs and binds take it. */
export function guidOf(id: string, place: string): string {
  if (!guidForm.test(id)) {
    throw new AppError('INPUT_INVALID', `${place}: the row id is not a GUID`);
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

/** A value as `$filter` compares it with a column, not yet percent-encoded. */
export function literalFor(value: Scalar, column: ColumnMetadata, table: TableMetadata): string {
  if (value === null) {
    return 'null';
  }
  const text = String(value);
  if (isGuidColumn(column)) {
    return guidOf(text, `${table.logicalName}.${column.logicalName}`);
  }
  if (numberTypes.has(column.type)) {
    return checked(text.trim() !== '' && Number.isFinite(Number(text)), text, column, table);
  }
  if (column.type === 'DateTime') {
    return checked(dateForm.test(text), text, column, table);
  }
  if (column.type === 'Boolean') {
    return checked(text === 'true' || text === 'false', text, column, table);
  }
  return quoted(text);
}

function checked(
  ok: boolean,
  ...[text, column, table]: readonly [string, ColumnMetadata, TableMetadata]
): string {
  if (!ok) {
    const place = `${table.logicalName}.${column.logicalName}`;
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
