import type { SQLOutputValue } from 'node:sqlite';
import type { ApiContext } from './api-context.ts';
import { rowsTable } from './database.ts';
import { parseFilter } from './filter-parser.ts';
import { columnSql, filterSql, propertyColumn, type Sql } from './filter-sql.ts';
import type { Table } from './model.ts';
import type { QueryIdentity } from './query-functions.ts';
import type { OrderItem, QueryOptions } from './query-options.ts';
import type { Row } from './row.ts';
import { readableSql } from './security/authorize.ts';
import { rowsWith } from './security/principal.ts';

/** Where the next page starts: behind a row, or after a number of rows of an ordered result. */
export interface Cursor {
  readonly after?: number;
  readonly offset?: number;
}

export interface RowQuery {
  readonly table: Table;
  readonly condition: Sql;
  readonly order: readonly OrderItem[];
  readonly limit: number;
  readonly cursor: Cursor;
}

export interface Page {
  readonly rows: readonly Row[];
  /** Set when there are more rows. */
  readonly next: Cursor | undefined;
}

export const everything: Sql = { text: '1', values: [] };

const probeBound = 200;

/**
 * Compiles the `$filter` of a query on this table, and leaves out rows that the
 * caller may not read. Throws 403 without read privilege.
 */
export function conditionOf(context: ApiContext, table: Table, options: QueryOptions): Sql {
  const readable = readableSql(context.caller, table);
  if (options.filter === undefined) {
    return readable ?? everything;
  }
  const { store, model } = context;
  const condition = filterSql(parseFilter(options.filter, options.aliases), {
    model,
    table,
    alias: 'r',
    slotOf: (column) => store.links.slotOf(column),
    selects: (slot, value) => {
      const probe = store.prepare(
        `SELECT count(*) AS n FROM (SELECT 1 FROM links WHERE value=? AND slot=? LIMIT ${probeBound})`,
      );
      return Number(probe.get(value, slot)?.['n'] ?? 0);
    },
    now: context.now,
    identity: identityOf(context),
  });
  return readable === undefined ? condition : both(condition, readable);
}

function identityOf(context: ApiContext): QueryIdentity {
  const { userId, businessUnitId } = context.caller;
  return {
    userId,
    businessUnitId,
    teams: () =>
      rowsWith(context, { table: 'teammembership', column: 'systemuserid' }, userId).map(
        ({ values }) => String(values['teamid'] ?? ''),
      ),
  };
}

export function both(left: Sql, right: Sql): Sql {
  return { text: `(${left.text}) AND (${right.text})`, values: [...left.values, ...right.values] };
}

function orderSql(table: Table, order: readonly OrderItem[]): string {
  const items = order.map(({ property, isDescending }) => {
    const column = propertyColumn(table, property);
    const isText = column.type === 'string' || column.type === 'memo';
    const sql = columnSql(table, column, 'r');
    return `${isText ? `fold(${sql})` : sql}${isDescending ? ' DESC' : ''}`;
  });
  return [...items, 'r.seq'].join(', ');
}

export function toRow(found: Record<string, SQLOutputValue>): Row {
  return {
    id: String(found['id']),
    version: Number(found['version']),
    values: JSON.parse(String(found['body'])),
  };
}

/** One page of rows. Unordered results page by position, so a deep page costs no more than the first. */
export function selectRows(context: ApiContext, query: RowQuery): Page {
  const { table, condition, order, limit, cursor } = query;
  const isOrdered = order.length > 0;
  const from = isOrdered ? '' : ' AND r.seq > ?';
  const offset = isOrdered ? ' OFFSET ?' : '';
  const sql = `SELECT r.seq, r.id, r.version, r.body FROM ${rowsTable(table.name)} r WHERE (${condition.text})${from} ORDER BY ${orderSql(table, order)} LIMIT ?${offset}`;
  const start = cursor.offset ?? 0;
  const tail = isOrdered ? [limit + 1, start] : [cursor.after ?? 0, limit + 1];
  const found = context.store.prepare(sql).all(...condition.values, ...tail);
  const rows = found.slice(0, limit);
  const last = Number(rows.at(-1)?.['seq'] ?? 0);
  const next = isOrdered ? { offset: start + limit } : { after: last };
  return { rows: rows.map(toRow), next: found.length > limit ? next : undefined };
}

/** Dataverse counts no further than this. */
export const countBound = 5000;

export function countRows(context: ApiContext, table: Table, condition: Sql): number {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${rowsTable(table.name)} r WHERE ${condition.text} LIMIT ${countBound})`;
  return Number(context.store.prepare(sql).get(...condition.values)?.['n'] ?? 0);
}
