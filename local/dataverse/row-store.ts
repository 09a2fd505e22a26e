import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rowsTable } from './database.ts';
import { expiryIndex } from './elastic/expiry.ts';
import { KeyIndex } from './key-index.ts';
import { LinkIndex } from './link-index.ts';
import type { Column, Model, Table } from './model.ts';
import { duplicateRow } from './protocol-error.ts';
import { RecentImages } from './recent-images.ts';
import { type Row, type RowValues, targetMember } from './row.ts';

export interface WriteMark {
  /** User agent product of the caller. */
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Names of the columns the caller sent. */
  readonly columns: readonly string[];
  /** The caller; absent for the stand-in's own writes. */
  readonly userId?: string;
  /** The caller's `?tag=`. */
  readonly tag?: string | undefined;
}

interface LoggedWrite {
  readonly id: string;
  readonly version: number;
  readonly kind: 'create' | 'update' | 'delete';
}

interface TableStatements {
  readonly get: StatementSync;
  readonly insert: StatementSync;
  readonly update: StatementSync;
  readonly remove: StatementSync;
  readonly count: StatementSync;
}

/** SQLITE_CONSTRAINT_UNIQUE. */
const uniqueViolation = 2067;

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === uniqueViolation;
}

function createRows(table: Table): string {
  const index = table.type === 'Elastic' ? expiryIndex(table) : '';
  return `CREATE TABLE IF NOT EXISTS ${rowsTable(table.name)}(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body TEXT NOT NULL); ${index}`;
}

/** Even a table that is there costs its statement a parse. */
function missingTables(database: DatabaseSync, model: Model): readonly Table[] {
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type='table'").all();
  const known = new Set(names.map(({ name }) => `"${String(name)}"`));
  return [...model.tables.values()].filter(({ name }) => !known.has(rowsTable(name)));
}

/** Rows, their indexes and the log of writes: every change goes through here. */
export class RowStore {
  readonly database: DatabaseSync;
  readonly links: LinkIndex;
  readonly images = new RecentImages();
  readonly keys: KeyIndex;
  readonly #statements = new Map<Table, TableStatements>();
  readonly #counts = new Map<Table, number>();
  readonly #prepared = new Map<string, StatementSync>();
  readonly #log: StatementSync;
  /** Set when a step may refuse a row after its first write: then `single` needs a savepoint. */
  guardsSingles = false;
  #version: number;
  #depth = 0;

  constructor(database: DatabaseSync, model: Model) {
    this.database = database;
    database.exec('BEGIN');
    database.exec(missingTables(database, model).map(createRows).join('\n'));
    this.keys = new KeyIndex(database, model);
    this.links = new LinkIndex(database, model);
    database.exec('COMMIT');
    this.#log = database.prepare('INSERT INTO writes VALUES (?,?,?,?,?,?,?,?,?)');
    const last = database.prepare('SELECT max(sequence) AS last FROM writes').get();
    this.#version = Number(last?.['last'] ?? 0) + 1000;
  }

  get version(): number {
    return this.#version;
  }

  /** True inside a transaction, as every part of a batch is. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  /** A prepared statement for this text, kept for the next use. */
  prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      return known;
    }
    if (this.#prepared.size >= 500) {
      this.#prepared.clear();
    }
    const made = this.database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }

  get(table: Table, id: string): Row | undefined {
    const found = this.#of(table).get.get(id);
    return (
      found && {
        id,
        version: Number(found['version']),
        values: JSON.parse(String(found['body'])),
      }
    );
  }

  has(table: Table, id: string): boolean {
    return this.#of(table).get.get(id) !== undefined;
  }

  /** Rows of the table; counted once, then kept up, since the status is polled. */
  count(table: Table): number {
    const known = this.#counts.get(table);
    if (known !== undefined) {
      return known;
    }
    const counted = Number(this.#of(table).count.get()?.['rows'] ?? 0);
    this.#counts.set(table, counted);
    return counted;
  }

  /** Throws 412, before anything is written, for an id or a key value that is taken. */
  insert(table: Table, row: Omit<Row, 'version'>, mark: WriteMark): Row {
    this.keys.check(table, {}, row.values);
    const version = this.#nextVersion();
    try {
      this.#of(table).insert.run(row.id, version, JSON.stringify(row.values));
    } catch (error) {
      throw isUniqueViolation(error) ? duplicateRow('Cannot insert duplicate key.') : error;
    }
    this.#record(table, { id: row.id, version, kind: 'create' }, mark);
    this.images.put(row.id, undefined);
    this.keys.move(table, row.id, {}, row.values);
    this.links.move(table, row.id, {}, row.values);
    this.#recount(table, 1);
    return { ...row, version };
  }

  /** Throws 412, before anything is written, for a key value that is taken. */
  update(table: Table, row: Row, values: RowValues, mark: WriteMark): Row {
    this.keys.check(table, row.values, values);
    const version = this.#nextVersion();
    this.#of(table).update.run(version, JSON.stringify(values), row.id);
    this.#record(table, { id: row.id, version, kind: 'update' }, mark);
    this.images.put(row.id, row);
    this.keys.move(table, row.id, row.values, values);
    this.links.move(table, row.id, row.values, values);
    return { id: row.id, version, values };
  }

  remove(table: Table, row: Row, mark: WriteMark): void {
    this.keys.move(table, row.id, row.values, {});
    this.links.move(table, row.id, row.values, {});
    this.#record(table, { id: row.id, version: this.#nextVersion(), kind: 'delete' }, mark);
    this.#of(table).remove.run(row.id);
    this.#recount(table, -1);
  }

  /** Makes room for the rows of a table that the metadata has been given. */
  addTable(table: Table): void {
    this.database.exec(createRows(table));
    this.links.addTable(table);
  }

  /** Forgets a table with all its rows; the write log keeps what was written. */
  removeTable(table: Table): void {
    for (const key of [...table.keys.values()]) {
      this.keys.withdraw(table, key);
    }
    this.links.removeTable(table);
    this.#statements.delete(table);
    this.#counts.delete(table);
    this.#prepared.clear();
    this.database.exec(`DROP TABLE IF EXISTS ${rowsTable(table.name)}`);
  }

  /** Forgets a column and what the rows hold in it. */
  removeColumn(table: Table, column: Column): void {
    this.links.remove(table, column);
    this.database
      .prepare(`UPDATE ${rowsTable(table.name)} SET body=json_remove(body, ?, ?)`)
      .run(`$."${column.name}"`, `$."${targetMember(column)}"`);
  }

  /**
   * Like `atomic` for steps that refuse only before their first write: inside
   * another run they need no savepoint, which makes a batch twice as fast.
   */
  single<T>(steps: () => T): T {
    return this.#depth === 0 || this.guardsSingles ? this.atomic(steps) : steps();
  }

  /** Runs the steps whole or not at all; inside another run they become a savepoint of it. */
  atomic<T>(steps: () => T): T {
    const depth = this.#depth;
    const isOuter = depth === 0;
    this.prepare(isOuter ? 'BEGIN IMMEDIATE' : `SAVEPOINT s${depth}`).run();
    this.#depth += 1;
    try {
      const result = steps();
      this.prepare(isOuter ? 'COMMIT' : `RELEASE s${depth}`).run();
      return result;
    } catch (error) {
      this.#counts.clear();
      this.database.exec(isOuter ? 'ROLLBACK' : `ROLLBACK TO s${depth}; RELEASE s${depth}`);
      throw error;
    } finally {
      this.#depth = depth;
    }
  }

  /** Runs steps whose writes are forgotten again. */
  scratch<T>(steps: () => T): T {
    const depth = this.#depth;
    this.database.exec(depth === 0 ? 'BEGIN' : `SAVEPOINT s${depth}`);
    this.#depth += 1;
    try {
      return steps();
    } finally {
      this.#depth = depth;
      this.#counts.clear();
      this.database.exec(depth === 0 ? 'ROLLBACK' : `ROLLBACK TO s${depth}; RELEASE s${depth}`);
    }
  }

  #recount(table: Table, difference: number): void {
    const known = this.#counts.get(table);
    if (known !== undefined) {
      this.#counts.set(table, known + difference);
    }
  }

  #nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  #record(table: Table, write: LoggedWrite, mark: WriteMark): void {
    const { version, id, kind } = write;
    const columns = JSON.stringify(mark.columns);
    const { agent, at, userId = null, tag = null } = mark;
    this.#log.run(version, table.name, id, kind, columns, agent, at, userId, tag);
  }

  #of(table: Table): TableStatements {
    const known = this.#statements.get(table);
    if (known !== undefined) {
      return known;
    }
    const name = rowsTable(table.name);
    const prepare = (sql: string): StatementSync => this.database.prepare(sql);
    const made = {
      get: prepare(`SELECT version, body FROM ${name} WHERE id=?`),
      insert: prepare(`INSERT INTO ${name}(id, version, body) VALUES (?,?,?)`),
      update: prepare(`UPDATE ${name} SET version=?, body=? WHERE id=?`),
      remove: prepare(`DELETE FROM ${name} WHERE id=?`),
      count: prepare(`SELECT count(*) AS rows FROM ${name}`),
    };
    this.#statements.set(table, made);
    return made;
  }
}
