import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { resourceTypes } from '../definitions.ts';
import { type StoredVersion, storedVersion, versionColumns } from './stored-version.ts';

export interface HistoryQuery {
  /** Type number, or undefined for all types. */
  readonly type: number | undefined;
  readonly id: string | undefined;
  /** Half-open range of row numbers. */
  readonly from: bigint;
  readonly to: bigint;
  readonly descending: boolean;
}

/** Reads versions, tombstones included, in the order of their commits. */
export function createHistory(database: DatabaseSync) {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    versions(query: HistoryQuery, limit: number): readonly StoredVersion[] {
      const order = `ORDER BY seq ${query.descending ? 'DESC' : 'ASC'} LIMIT ?`;
      const range = [query.from, query.to];
      if (query.type === undefined) {
        const sql = `SELECT ${versionColumns} FROM resource WHERE seq >= ? AND seq < ? ${order}`;
        return prepared(sql)
          .all(...range, limit)
          .map(storedVersion);
      }
      if (query.id !== undefined) {
        const sql = `SELECT ${versionColumns} FROM resource INDEXED BY resource_version WHERE type = ? AND id = ? AND seq >= ? AND seq < ? ${order}`;
        return prepared(sql)
          .all(query.type, query.id, ...range, limit)
          .map(storedVersion);
      }
      const half = (live: 0 | 1) =>
        `SELECT * FROM (SELECT ${versionColumns} FROM resource WHERE type = ? AND live = ${live} AND seq >= ? AND seq < ? ${order})`;
      const sql = `${half(1)} UNION ALL ${half(0)} ${order}`;
      const part = [query.type, ...range, limit];
      return prepared(sql)
        .all(...part, ...part, limit)
        .map(storedVersion);
    },
    /** Counts without touching a body: the index on type holds all that a count needs. */
    count(query: HistoryQuery): number {
      const range = [query.from, query.to];
      const total = (sql: string, values: readonly (number | bigint | string)[]): number =>
        Number(prepared(sql).get(...values)?.['n'] ?? 0);
      if (query.type !== undefined && query.id !== undefined) {
        const sql =
          'SELECT count(*) AS n FROM resource INDEXED BY resource_version WHERE type = ? AND id = ? AND seq >= ? AND seq < ?';
        return total(sql, [query.type, query.id, ...range]);
      }
      const sql =
        'SELECT count(*) AS n FROM resource INDEXED BY resource_live WHERE type = ? AND live IN (0, 1) AND seq >= ? AND seq < ?';
      const types = query.type === undefined ? resourceTypes.keys() : [query.type];
      return [...types].reduce((sum, type) => sum + total(sql, [type, ...range]), 0);
    },
  };
}

export type History = ReturnType<typeof createHistory>;
