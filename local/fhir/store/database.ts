import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { rowNumber } from './stored-version.ts';

/**
 * `resource` holds every version of every resource. `seq` is the clock: the
 * milliseconds of lastUpdated times a million plus a counter, so that row order is
 * lastUpdated order (and commit order, but for imports), and one b-tree serves both. Index
 * tables have rows for the current, not deleted version only, and `seq` stands
 * before the less selective columns so that matches stream in page order.
 * `unindexed` names the versions whose index rows are not there yet.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS resource (
    seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
    live INTEGER NOT NULL, method TEXT NOT NULL, agent INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE UNIQUE INDEX IF NOT EXISTS resource_version ON resource (type, id, version);
  CREATE INDEX IF NOT EXISTS resource_live ON resource (type, live);
  CREATE TABLE IF NOT EXISTS code_index (
    parameter INTEGER NOT NULL, code TEXT NOT NULL, seq INTEGER NOT NULL, system TEXT NOT NULL,
    PRIMARY KEY (parameter, code, seq, system)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS range_index (
    parameter INTEGER NOT NULL, seq INTEGER NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
    code TEXT NOT NULL, system TEXT NOT NULL,
    PRIMARY KEY (parameter, seq, low, high, code, system)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS range_low ON range_index (parameter, low, high);
  CREATE TABLE IF NOT EXISTS text_index (
    parameter INTEGER NOT NULL, folded TEXT NOT NULL, seq INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (parameter, folded, seq, text)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS unindexed (seq INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS parameter (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS agent (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS hard_delete (
    seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, agent INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS history_purge (
    seq INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, agent INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
`;

/** Opens the database file `fhir.sqlite` in the folder, or one in memory. Safe against SIGKILL at any moment. */
export function openDatabase(dataFolder: string | undefined): DatabaseSync {
  if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true });
  const database = new DatabaseSync(
    dataFolder === undefined ? ':memory:' : join(dataFolder, 'fhir.sqlite'),
    { readBigInts: true },
  );
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  database.exec('PRAGMA wal_autocheckpoint = 32000;');
  database.exec('PRAGMA cache_size = -131072; PRAGMA temp_store = MEMORY;');
  database.exec(schema);
  widenRowNumbers(database);
  return database;
}

/** Data folders of version 0 numbered 4096 rows a millisecond. */
function widenRowNumbers(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > 0) return;
  database.exec('BEGIN');
  for (const table of ['resource', 'code_index', 'range_index', 'text_index', 'hard_delete']) {
    database.exec(`UPDATE ${table} SET seq = seq / 4096 * 1000000 + seq % 4096`);
  }
  database.exec('PRAGMA user_version = 1; COMMIT');
}

/** The latest row number handed out so far; 0 in an empty database. */
export function latestRow(database: DatabaseSync): bigint {
  const latest = database.prepare(
    'SELECT max(seq) AS seq FROM (SELECT max(seq) AS seq FROM resource UNION ALL SELECT max(seq) FROM hard_delete)',
  );
  return rowNumber(latest.get()?.['seq']);
}

/** Numbers for names, handed out once and kept in the database, so that rows stay small. */
export function createNumbering(database: DatabaseSync, table: 'parameter' | 'agent') {
  const numbers = new Map<string, number>();
  const names = new Map<number, string>();
  for (const row of database.prepare(`SELECT number, name FROM ${table}`).all()) {
    numbers.set(String(row['name']), Number(row['number']));
    names.set(Number(row['number']), String(row['name']));
  }
  const insert = database.prepare(`INSERT INTO ${table} (name) VALUES (?)`);
  return {
    numberOf(name: string): number {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      const number = Number(insert.run(name).lastInsertRowid);
      numbers.set(name, number);
      names.set(number, name);
      return number;
    },
    nameOf: (number: number): string => names.get(number) ?? '',
  };
}

export type Numbering = ReturnType<typeof createNumbering>;
