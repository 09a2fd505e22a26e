import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type StoredVersion, storedVersion } from '../store/stored-version.ts';
import { registerCompositeCheck } from './composite.ts';
import type { Criterion, SqlPart, SqlValue } from './criterion.ts';

/** What to find among the current resources of one type. */
export interface MatchQuery {
  readonly type: number;
  readonly criteria: readonly Criterion[];
  /** Conditions on the resource row `r` itself. */
  readonly checks?: readonly SqlPart[];
  readonly ids: readonly string[] | undefined;
  /** Half-open range of row numbers. */
  readonly from: bigint;
  readonly to: bigint;
  readonly descending: boolean;
}

/** Up to this many index rows are collected first; a criterion with more is streamed or probed instead. */
const smallMatch = 300;
const columns = 'r.seq, r.type, r.id, r.version, r.method, r.body';

/**
 * Runs searches so that their cost follows the smallest criterion: each one is
 * counted up to a bound, the rarest drives, the others are probed per row.
 * `flushIndex` brings in what the running transaction has written so far.
 */
export function createMatcher(database: DatabaseSync, flushIndex: () => void) {
  registerCompositeCheck(database);
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    if (statements.size > 2000) statements.clear();
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const sizeOf = (criterion: Criterion): number => {
    const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${criterion.table} WHERE ${criterion.where.sql} LIMIT ${smallMatch})`;
    return Number(prepared(sql).get(...criterion.where.values)?.['n'] ?? 0);
  };
  const rarest = (criteria: readonly Criterion[]) => {
    const sized = criteria.map((criterion) => ({ criterion, size: sizeOf(criterion) }));
    return sized.toSorted((left, right) => left.size - right.size)[0];
  };
  const driverOf = (query: MatchQuery): Driver => {
    if (query.ids !== undefined) return { kind: 'ids' };
    const positive = query.criteria.filter((criterion) => !criterion.negated);
    const [only] = positive;
    if (only === undefined) return { kind: 'scan' };
    if (positive.length === 1 && !only.streams) return { kind: 'set', criterion: only };
    const best = rarest(positive);
    if (best !== undefined && best.size < smallMatch) {
      return { kind: 'set', criterion: best.criterion };
    }
    const streaming = streamable(positive);
    return streaming === undefined ? { kind: 'scan' } : { kind: 'stream', criterion: streaming };
  };
  return {
    /** Brings in what the running transaction has written, for readers of the index tables. */
    flush: flushIndex,
    find(query: MatchQuery, limit: number): readonly StoredVersion[] {
      flushIndex();
      const { from, where, order, group } = selection(query, driverOf(query));
      const sql = `SELECT ${columns} ${from} WHERE ${where.sql} ${group} ORDER BY ${order} ${query.descending ? 'DESC' : 'ASC'} LIMIT ?`;
      return prepared(sql)
        .all(...where.values, limit)
        .map(storedVersion);
    },
    count(query: MatchQuery): number {
      flushIndex();
      const { from, where } = selection(query, driverOf(query));
      const sql = `SELECT count(DISTINCT r.seq) AS n ${from} WHERE ${where.sql}`;
      const plain = `SELECT count(*) AS n ${from} WHERE ${where.sql}`;
      const chosen = from.includes('CROSS JOIN') ? sql : plain;
      return Number(prepared(chosen).get(...where.values)?.['n'] ?? 0);
    },
  };
}

/** A code is rarer than a range as a rule, so it goes first. */
function streamable(criteria: readonly Criterion[]): Criterion | undefined {
  const streams = criteria.filter((criterion) => criterion.streams);
  return streams.find(({ table }) => table === 'code_index') ?? streams[0];
}

export type Matcher = ReturnType<typeof createMatcher>;

type Driver =
  | { readonly kind: 'ids' | 'scan' }
  | { readonly kind: 'set' | 'stream'; readonly criterion: Criterion };

interface Selection {
  readonly from: string;
  readonly where: SqlPart;
  readonly order: string;
  /** Drops the second row of a resource that has a code in two systems. */
  readonly group: string;
}

function selection(query: MatchQuery, driver: Driver): Selection {
  const range: SqlPart = { sql: 'r.seq >= ? AND r.seq < ?', values: [query.from, query.to] };
  const driving = 'criterion' in driver ? driver.criterion : undefined;
  const probes = [
    ...query.criteria.filter((criterion) => criterion !== driving).map(probe),
    ...(query.checks ?? []),
  ];
  if (driving === undefined) {
    const ids = query.ids ?? [];
    const byId: SqlPart = { sql: `r.id IN (${ids.map(() => '?').join(', ')})`, values: ids };
    const type: SqlPart = { sql: 'r.type = ? AND r.live = 1', values: [query.type] };
    const lead = driver.kind === 'ids' ? [type, byId] : [type];
    return {
      from: fromResource(driver),
      where: allOf([...lead, range, ...probes]),
      order: 'r.seq',
      group: '',
    };
  }
  if (driver.kind === 'set') {
    const { table, where } = driving;
    const set = {
      sql: `r.seq IN (SELECT seq FROM ${table} WHERE ${where.sql})`,
      values: where.values,
    };
    return {
      from: 'FROM resource r',
      where: allOf([set, range, ...probes]),
      order: 'r.seq',
      group: '',
    };
  }
  const streamed: SqlPart = { sql: 'd.seq >= ? AND d.seq < ?', values: [query.from, query.to] };
  return {
    from: `FROM ${driving.table} d NOT INDEXED CROSS JOIN resource r ON r.seq = d.seq`,
    where: allOf([qualified(driving.where), streamed, ...probes]),
    order: 'd.seq',
    group: 'GROUP BY d.seq',
  };
}

function fromResource(driver: Driver): string {
  return driver.kind === 'ids'
    ? 'FROM resource r INDEXED BY resource_version'
    : 'FROM resource r INDEXED BY resource_live';
}

function qualified(part: SqlPart): SqlPart {
  return {
    sql: part.sql.replace(/\b(parameter|code|system|low|high)\b/g, 'd.$1'),
    values: part.values,
  };
}

function probe(criterion: Criterion): SqlPart {
  const { table, where, negated, seeks } = criterion;
  const not = negated ? 'NOT ' : '';
  const { sql, values } = where;
  if (seeks) {
    return { sql: `${not}EXISTS (SELECT 1 FROM ${table} WHERE ${sql} AND seq = r.seq)`, values };
  }
  // Asked row by row, all matches would be walked each time. The plus keeps the planner from driving by them.
  return { sql: `+r.seq ${not}IN (SELECT seq FROM ${table} WHERE ${sql})`, values };
}

function allOf(parts: readonly SqlPart[]): SqlPart {
  const values: SqlValue[] = [];
  for (const part of parts) values.push(...part.values);
  return { sql: parts.map((part) => part.sql).join(' AND '), values };
}
