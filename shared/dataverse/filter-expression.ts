import { columnOf, propertyOf } from './column-lookup.ts';
import type { Filter, TableMetadata } from './contract.ts';
import { isGuidColumn, literalFor, quoted, textArray } from './odata-literal.ts';

/** Matches nothing: what an empty `any` or `in` means. A primary id is never null. */
function nothing(table: TableMetadata): string {
  return `${table.primaryId} eq null`;
}

/**
 * A filter as `$filter` text, not yet percent-encoded.
 *
 * @throws AppError DATAVERSE_METADATA_MISSING for an unknown column, INPUT_INVALID for a value of
 * another type than its column.
 */
export function filterExpression(filter: Filter, table: TableMetadata): string {
  if ('all' in filter) {
    return filter.all.length === 0
      ? `${table.primaryId} ne null`
      : filter.all.map((item) => grouped(item, table)).join(' and ');
  }
  if ('any' in filter) {
    return filter.any.length === 0
      ? nothing(table)
      : filter.any.map((item) => grouped(item, table)).join(' or ');
  }
  const property = propertyOf(table, filter.column);
  if ('startsWith' in filter) {
    return `startswith(${property},${quoted(withoutWildcards(filter.startsWith))})`;
  }
  const column = columnOf(table, filter.column);
  if ('equals' in filter) {
    return `${property} eq ${literalFor(filter.equals, column, table)}`;
  }
  const literals = filter.in.map((value) => literalFor(value, column, table));
  if (literals.length === 0) {
    return nothing(table);
  }
  if (literals.length === 1 || isGuidColumn(column)) {
    // The page on `In` does not say what it calls a lookup column; `eq` is certain for both.
    return literals.map((literal) => `${property} eq ${literal}`).join(' or ');
  }
  const values = textArray(filter.in.map(String));
  return `Microsoft.Dynamics.CRM.In(PropertyName='${property}',PropertyValues=${values})`;
}

function grouped(filter: Filter, table: TableMetadata): string {
  const isList = 'all' in filter || 'any' in filter || 'in' in filter;
  const text = filterExpression(filter, table);
  return isList ? `(${text})` : text;
}

/** `%`, `_` and `[` are wildcards in text conditions (facts A8); in brackets they stand for themselves. */
function withoutWildcards(text: string): string {
  return text.replaceAll(/[%_[]/g, '[$&]');
}
