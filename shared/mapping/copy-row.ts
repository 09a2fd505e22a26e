import type { ColumnValue } from './map-pack.ts';

type Columns = Record<string, ColumnValue>;
type CopyRow = (row: Readonly<Columns>) => Columns;

/**
 * The same copy in several places of the code. The engine copies an object by its
 * layout where one place sees few layouts (four), and property by property where
 * it sees more, which costs more than all else in mapping: every map brings a
 * layout of its own, so that they are shared out among these places.
 */
const places: readonly CopyRow[] = [
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
  (row) => ({ ...row }),
];

const placeOf = new Map<string, number>();
const known = 1000;

/** A function that makes rows of these columns, all of them cleared. */
export function clearedRows(columns: readonly string[]): () => Columns {
  const text = `{${columns.map((column) => `${JSON.stringify(column)}:null`).join(',')}}`;
  // Parsed, because an object that is filled key by key becomes a hash table.
  const cleared: Columns = JSON.parse(text);
  const place = placeOf.get(text) ?? placeOf.size % places.length;
  if (placeOf.size < known) placeOf.set(text, place);
  const copy = places[place] ?? ((row) => ({ ...row }));
  return () => copy(cleared);
}
