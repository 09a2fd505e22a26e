import type { ExpandedRow } from './map-pack.ts';

/** The rows and every row below them, parents before children. */
export function withRowsBelow(rows: readonly ExpandedRow[]): readonly ExpandedRow[] {
  if (rows.every(({ below }) => below === undefined)) return rows;
  return rows.flatMap((row) => [row, ...(row.below ?? []).flatMap(withRowsBelow)]);
}
