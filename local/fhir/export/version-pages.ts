import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterAllRows } from '../store/clock.ts';
import { rowNumber } from '../store/stored-version.ts';

export interface VersionQuery {
  /** Type number. */
  readonly type: number;
  /** Half-open range of row numbers. */
  readonly from: bigint;
  readonly to: bigint;
  readonly history: boolean;
  readonly deleted: boolean;
  /** Versions from here on do not exist for this export; `undefined` looks at the present. */
  readonly snapshot: bigint | undefined;
}

export interface ExportedVersion {
  readonly seq: bigint;
  readonly isDeleted: boolean;
  /** JSON text as stored. */
  readonly body: string;
}

export interface VersionPage {
  readonly versions: readonly ExportedVersion[];
  /** Where the next page starts, or undefined after the last one. */
  readonly next: bigint | undefined;
}

/**
 * Reads versions in lastUpdated order, a page of rows at a time, so that other
 * requests are answered in between however much there is. Without history each
 * resource comes once, as its latest version before the snapshot.
 */
export function createVersionPages(database: DatabaseSync) {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return (query: VersionQuery, rows: number): VersionPage => {
    const { type, from, to, snapshot = afterAllRows } = query;
    const range = [type, from, to];
    // The snapshot stands in the column list, before the range.
    const past = query.history ? [] : [snapshot];
    const found = prepared(pageSql(query)).all(...past, ...range, rows, ...range, rows, rows);
    const versions = found.flatMap(({ seq, method, body }) =>
      typeof body === 'string'
        ? [{ seq: rowNumber(seq), isDeleted: method === 'DELETE', body }]
        : [],
    );
    const last = found.at(-1);
    const more = found.length === rows && last !== undefined;
    return { versions, next: more ? rowNumber(last['seq']) + 1n : undefined };
  };
}

export type VersionPages = ReturnType<typeof createVersionPages>;

/** Rows that are not wanted come without a body, so that a page is never more work than its rows. */
function pageSql({ history, deleted }: VersionQuery): string {
  const wanted = [
    ...(deleted ? [] : ["r.method <> 'DELETE'"]),
    ...(history
      ? []
      : [
          'NOT EXISTS (SELECT 1 FROM resource n WHERE n.type = r.type AND n.id = r.id AND n.version > r.version AND n.seq < ?)',
        ]),
  ];
  const body =
    wanted.length === 0 ? 'r.body' : `CASE WHEN ${wanted.join(' AND ')} THEN r.body END AS body`;
  const half = (live: 0 | 1, shown: string) =>
    `SELECT * FROM (SELECT r.seq, r.method, ${shown} FROM resource r INDEXED BY resource_live
     WHERE r.type = ? AND r.live = ${live} AND r.seq >= ? AND r.seq < ? ORDER BY r.seq LIMIT ?)`;
  return `${half(0, body)} UNION ALL ${half(1, 'r.body')} ORDER BY seq LIMIT ?`;
}
