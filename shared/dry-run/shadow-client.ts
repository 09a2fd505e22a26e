import type {
  DataverseClient,
  DataverseOperation,
  DataverseResult,
  DataverseRow,
  Row,
  Scalar,
} from '../dataverse/index.ts';
import { matches } from './filter-match.ts';

type Write = Exclude<DataverseOperation, { kind: 'query' }>;

export interface ShadowClient extends DataverseClient {
  /** Every write that was asked for, in order; none of them was sent. */
  readonly writes: readonly Write[];
}

/**
 * A client that reads the live rows and keeps all writes to itself. Later reads
 * show them as though they had been made, so that whoever uses it decides exactly
 * as with a real client.
 */
export function shadowClient(live: DataverseClient): ShadowClient {
  const writes: Write[] = [];
  const created = new Map<string, { readonly table: string; readonly row: DataverseRow }>();
  const patches = new Map<string, Row>();
  const deleted = new Set<string>();

  const write = (operation: Write): DataverseResult => {
    writes.push(operation);
    const { table, id } = operation;
    const place = `${table} ${id}`;
    if (operation.kind === 'delete') {
      deleted.add(place);
      return { kind: 'deleted' };
    }
    if (operation.kind === 'create') {
      created.set(place, { table, row: { id, etag: 'W/"0"', values: plainValues(operation.row) } });
      return { kind: 'written' };
    }
    const own = created.get(place);
    if (own === undefined) patches.set(place, { ...patches.get(place), ...operation.row });
    else created.set(place, { table, row: patched(own.row, operation.row) });
    return { kind: 'written' };
  };

  const shown = (operation: DataverseOperation, result: DataverseResult): DataverseResult => {
    if (operation.kind !== 'query' || result.kind !== 'rows') return result;
    const { table, filter } = operation;
    const rows = result.rows
      .filter(({ id }) => !deleted.has(`${table} ${id}`))
      .map((row) => patched(row, patches.get(`${table} ${row.id}`)));
    const own = [...created.values()].filter(
      (one) => one.table === table && !deleted.has(`${table} ${one.row.id}`),
    );
    const added = own.map(({ row }) => row).filter((row) => matches(row, filter));
    return { kind: 'rows', rows: [...rows, ...added] };
  };

  return {
    writes,
    table: (logicalName) => live.table(logicalName),
    execute: async (operations) => {
      const queries = operations.filter((operation) => operation.kind === 'query');
      const read = queries.length === 0 ? [] : await live.execute(queries);
      let next = 0;
      return operations.map((operation) => {
        if (operation.kind !== 'query') return write(operation);
        const result = read[next++];
        return result === undefined ? { kind: 'failed' } : shown(operation, result);
      });
    },
  };
}

function patched(row: DataverseRow, patch: Row | undefined): DataverseRow {
  if (patch === undefined) return row;
  return { ...row, values: { ...row.values, ...plainValues(patch) } };
}

/** Row values as a read gives them: lookups by id. */
function plainValues(row: Row): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'object' && value !== null ? value.lookup.id.toLowerCase() : value,
    ]),
  );
}
