import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { registerTextFunctions } from './text-comparison.ts';

/**
 * `slots` names every indexed column by a small number; `links` finds rows by
 * the value of an indexed column (and, for lookups, finds all rows that point
 * at a row); `key_values` holds the declared alternate keys; `writes` is the
 * log that change tracking and the history checker read.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS slots(
    slot INTEGER PRIMARY KEY, tbl TEXT NOT NULL, col TEXT NOT NULL, UNIQUE(tbl, col));
  CREATE TABLE IF NOT EXISTS links(
    value TEXT NOT NULL, slot INTEGER NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY(value, slot, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entity_keys(
    tbl TEXT NOT NULL, name TEXT NOT NULL, columns TEXT NOT NULL, created INTEGER NOT NULL,
    active_from INTEGER, declared INTEGER NOT NULL, slot INTEGER PRIMARY KEY, UNIQUE(tbl, name));
  CREATE TABLE IF NOT EXISTS key_values(
    slot INTEGER NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY(slot, value)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS writes(
    sequence INTEGER PRIMARY KEY, tbl TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    columns TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL, user TEXT, tag TEXT);
  CREATE INDEX IF NOT EXISTS writes_by_table ON writes(tbl, sequence);
`;

/** Columns that databases of earlier versions lack. */
function addColumns(database: DatabaseSync): void {
  const known = database.prepare('PRAGMA table_info(writes)').all();
  for (const name of ['user', 'tag']) {
    if (!known.some((column) => column['name'] === name)) {
      database.exec(`ALTER TABLE writes ADD COLUMN ${name} TEXT`);
    }
  }
}

/**
 * Opens (or makes) the database of the stand-in; without a folder it lives in memory.
 *
 * @param restore fills an empty database before anything is made in it
 */
export function openDatabase(
  folder: string | undefined,
  restore?: (database: DatabaseSync) => void,
): DatabaseSync {
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
  }
  const database = new DatabaseSync(
    folder === undefined ? ':memory:' : join(folder, 'dataverse.sqlite'),
  );
  restore?.(database);
  database.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000; PRAGMA cache_size=-131072; PRAGMA temp_store=MEMORY;',
  );
  database.exec(schema);
  addColumns(database);
  registerTextFunctions(database);
  return database;
}

/** The SQLite table that holds the rows of a Dataverse table. */
export function rowsTable(logicalName: string): string {
  return `"rows_${logicalName}"`;
}
