import type { DatabaseSync } from 'node:sqlite';

type Value = string | number | bigint;
export type Row = readonly Value[];

const rowsPerStatement = 40;

export interface BufferedTable {
  readonly name: string;
  readonly columns: number;
  /** Position of the row number of the version in a row. */
  readonly seqColumn: number;
  /** Position of the column to sort by; undefined when the rows of a parameter come in order as they are. */
  readonly sortColumn: number | undefined;
}

/** Rows of one parameter; those from `kept` on belong to the running transaction. */
interface Bucket {
  readonly rows: Row[];
  kept: number;
}

/**
 * Collects rows of one index table, by parameter, and inserts them in key order,
 * many per statement, which costs a fraction of inserting each where it falls.
 * It follows the transactions of the database: what a rollback undoes there is undone here.
 */
export function createRowBuffer(database: DatabaseSync, table: BufferedTable) {
  const insert = insertStatements(database, table);
  let buckets = new Map<number, Bucket>();
  /** The rows of before the running transaction, once it has written them. */
  let written: Map<number, Bucket> | undefined;
  let size = 0;
  return {
    /** Number of rows that wait. */
    size: (): number => size,
    add(parameter: number, row: Row): void {
      let bucket = buckets.get(parameter);
      if (bucket === undefined) {
        bucket = { rows: [], kept: 0 };
        buckets.set(parameter, bucket);
      }
      bucket.rows.push(row);
      size += 1;
    },
    /** Inserts all rows but those of versions in `without`. To be used inside a transaction. */
    write(without: ReadonlySet<Value>): void {
      if (size === 0) return;
      const values: Value[] = [];
      for (const [, { rows }] of [...buckets].sort(([left], [right]) => left - right)) {
        for (const row of inOrder(rows, table)) {
          if (without.size > 0 && without.has(row[table.seqColumn] ?? 0)) continue;
          values.push(...row);
        }
      }
      insert(values);
      written ??= buckets;
      buckets = new Map();
      size = 0;
    },
    commit(): void {
      for (const bucket of buckets.values()) bucket.kept = bucket.rows.length;
      written = undefined;
    },
    rollback(): void {
      buckets = written ?? buckets;
      written = undefined;
      size = 0;
      for (const bucket of buckets.values()) {
        bucket.rows.length = bucket.kept;
        size += bucket.kept;
      }
    },
  };
}

/** Many rows of a parameter have the same value, so the values are sorted and not the rows. */
function inOrder(rows: readonly Row[], { sortColumn }: BufferedTable): readonly Row[] {
  if (sortColumn === undefined || rows.length < 2) return rows;
  const byValue = Map.groupBy(rows, (row) => String(row[sortColumn]));
  return [...byValue.keys()].sort().flatMap((value) => byValue.get(value) ?? []);
}

/** Inserts rows, given value after value, many to a statement; those that are there already stay as they are. */
export function insertStatements(
  database: DatabaseSync,
  { name, columns }: Pick<BufferedTable, 'name' | 'columns'>,
) {
  const one = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
  const insert = (rows: number) =>
    database.prepare(
      `INSERT OR IGNORE INTO ${name} VALUES ${Array.from({ length: rows }, () => one).join(', ')}`,
    );
  const single = insert(1);
  const many = insert(rowsPerStatement);
  return (values: readonly Value[]): void => {
    const step = rowsPerStatement * columns;
    let start = 0;
    for (; start + step <= values.length; start += step) {
      many.run(...values.slice(start, start + step));
    }
    for (; start < values.length; start += columns) {
      single.run(...values.slice(start, start + columns));
    }
  };
}
