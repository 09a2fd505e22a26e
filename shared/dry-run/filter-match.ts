import type { DataverseRow, Filter, Scalar } from '../dataverse/index.ts';

/** Whether a row that is not in Dataverse yet would be found; text compares without case, as it does there. */
export function matches(row: DataverseRow, filter: Filter): boolean {
  if ('all' in filter) return filter.all.every((part) => matches(row, part));
  if ('any' in filter) return filter.any.some((part) => matches(row, part));
  const value = folded(row.values[filter.column] ?? null);
  if ('equals' in filter) return value === folded(filter.equals);
  if ('in' in filter) return filter.in.some((one) => value === folded(one));
  return typeof value === 'string' && value.startsWith(filter.startsWith.toLowerCase());
}

function folded(value: Scalar): Scalar {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
