import process from 'node:process';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

const tables = ['resource', 'code_index', 'range_index', 'text_index'];

/**
 * Versions per second of processor time that node:sqlite alone writes to `target`,
 * `batch` to a transaction, when it only repeats what a FHIR stand-in has in
 * `source`: the same tables and indexes with the same rows, known beforehand.
 */
export function bareRepeat(source: string, target: string, batch: number): number {
  const from = new DatabaseSync(source, { readOnly: true, readBigInts: true });
  const to = new DatabaseSync(target);
  to.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  copySchema(from, to);
  const versions = writesByVersion(from, to);
  const began = process.cpuUsage();
  for (let start = 0; start < versions.length; start += batch) {
    to.exec('BEGIN IMMEDIATE');
    for (const writes of versions.slice(start, start + batch)) for (const write of writes) write();
    to.exec('COMMIT');
  }
  const { user, system } = process.cpuUsage(began);
  from.close();
  to.close();
  return (versions.length * 1e6) / (user + system);
}

function copySchema(from: DatabaseSync, to: DatabaseSync): void {
  for (const row of from.prepare('SELECT sql FROM sqlite_master').all()) {
    const sql = String(row['sql']);
    const table = /^CREATE TABLE (\w+)/.exec(sql)?.[1] ?? /^CREATE .* ON (\w+)/.exec(sql)?.[1];
    if (table !== undefined && tables.includes(table)) to.exec(sql);
  }
}

/** For every version, in the order of their commits, all that is to be written for it. */
function writesByVersion(from: DatabaseSync, to: DatabaseSync): readonly (() => void)[][] {
  const bySeq = new Map<unknown, (() => void)[]>();
  for (const table of tables) {
    const insert = insertInto(to, table);
    for (const row of from.prepare(`SELECT * FROM ${table} ORDER BY seq`).all()) {
      const known = bySeq.get(row['seq']) ?? [];
      bySeq.set(row['seq'], known);
      const cells = Object.values(row);
      known.push(() => insert(cells));
    }
  }
  return [...bySeq.values()];
}

function insertInto(database: DatabaseSync, table: string) {
  const columns = database.prepare(`PRAGMA table_info(${table})`).all();
  const values = columns.map(() => '?').join(', ');
  const insert = database.prepare(`INSERT INTO ${table} VALUES (${values})`);
  return (cells: readonly SQLInputValue[]): void => {
    insert.run(...cells);
  };
}
