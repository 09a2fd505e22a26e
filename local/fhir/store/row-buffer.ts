import type { DatabaseSync } from 'node:sqlite';

type Value = string | number | bigint;
type Row = readonly Value[];

const rowsPerStatement = 40;

/**
 * Collects rows of one index table and inserts them in key order, many per
 * statement, which costs a fraction of inserting each where it falls. The owner
 * flushes before anything reads the table and before the transaction commits.
 */
export function createRowBuffer(database: DatabaseSync, table: string, columns: number) {
  const one = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
  const insert = (rows: number) =>
    database.prepare(
      `INSERT OR IGNORE INTO ${table} VALUES ${Array.from({ length: rows }, () => one).join(', ')}`,
    );
  const single = insert(1);
  const many = insert(rowsPerStatement);
  let rows: Row[] = [];
  return {
    add: (row: Row): void => {
      rows.push(row);
    },
    flush(): void {
      if (rows.length === 0) return;
      const sorted = rows.length > 1 ? rows.sort(byKey) : rows;
      rows = [];
      let start = 0;
      for (; start + rowsPerStatement <= sorted.length; start += rowsPerStatement) {
        const values: Value[] = [];
        for (let index = start; index < start + rowsPerStatement; index += 1) {
          values.push(...(sorted[index] ?? []));
        }
        many.run(...values);
      }
      for (; start < sorted.length; start += 1) single.run(...(sorted[start] ?? []));
    },
    discard: (): void => {
      rows = [];
    },
  };
}

/** Parameter and value first, as the primary keys begin; the rest is already in commit order. */
function byKey(left: Row, right: Row): number {
  return compare(left[0], right[0]) || compare(left[1], right[1]);
}

function compare(left: Value | undefined, right: Value | undefined): number {
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}
