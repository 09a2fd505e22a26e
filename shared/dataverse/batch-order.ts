import type { DataverseOperation } from './contract.ts';

/** What a batch touches, as far as order matters. */
export interface Footprint {
  /** `table/id` of rows written. */
  readonly rowsWritten: ReadonlySet<string>;
  /** `table/id` of rows that lookups name. */
  readonly rowsNamed: ReadonlySet<string>;
  readonly tablesWritten: ReadonlySet<string>;
  readonly tablesRead: ReadonlySet<string>;
}

export function footprintOf(operations: readonly DataverseOperation[]): Footprint {
  const rowsWritten = new Set<string>();
  const rowsNamed = new Set<string>();
  const tablesWritten = new Set<string>();
  const tablesRead = new Set<string>();
  for (const operation of operations) {
    if (operation.kind === 'query') {
      tablesRead.add(operation.table);
      continue;
    }
    tablesWritten.add(operation.table);
    rowsWritten.add(rowKey(operation.table, operation.id));
    for (const value of operation.kind === 'delete' ? [] : Object.values(operation.row)) {
      if (value !== null && typeof value === 'object') {
        rowsNamed.add(rowKey(value.lookup.table, value.lookup.id));
      }
    }
  }
  return { rowsWritten, rowsNamed, tablesWritten, tablesRead };
}

function rowKey(table: string, id: string): string {
  return `${table}/${id.toLowerCase()}`;
}

/** True when the later batch could end otherwise if it overtook the earlier one. */
export function mustFollow(later: Footprint, earlier: Footprint): boolean {
  return (
    meet(later.rowsWritten, earlier.rowsWritten) ||
    meet(later.rowsNamed, earlier.rowsWritten) ||
    meet(later.rowsWritten, earlier.rowsNamed) ||
    meet(later.tablesRead, earlier.tablesWritten) ||
    meet(later.tablesWritten, earlier.tablesRead)
  );
}

function meet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  const [small, large] = left.size < right.size ? [left, right] : [right, left];
  for (const key of small) {
    if (large.has(key)) {
      return true;
    }
  }
  return false;
}
