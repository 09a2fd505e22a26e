import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rowsTable } from './database.ts';
import { KeyIndex } from './key-index.ts';
import { LinkIndex } from './link-index.ts';
import type { Model, Table } from './model.ts';
import { duplicateRow } from './protocol-error.ts';
import type { Row, RowValues } from './row.ts';

export interface WriteMark {
  /** User agent product of the caller. */
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Names of the columns the caller sent. */
  readonly columns: readonly string[];
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

/** Rows, their indexes and the log of writes: every change goes through here. */
export class RowStore {
  readonly database: DatabaseSync;
  readonly links: LinkIndex;
  readonly keys: KeyIndex;
  readonly #statements = new Map<Table, TableStatements>();
  readonly #prepared = new Map<string, StatementSync>();
  readonly #log: StatementSync;
  #version: number;
  #depth = 0;

  constructor(database: DatabaseSync, model: Model) {
    this.database = database;
    database.exec('BEGIN');
    for (const table of model.tables.values()) {
      database.exec(
        `CREATE TABLE IF NOT EXISTS ${rowsTable(table.name)}(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, body TEXT NOT NULL)`,
      );
    }
    this.keys = new KeyIndex(database, model);
    this.links = new LinkIndex(database, model);
    database.exec('COMMIT');
    this.#log = database.prepare('INSERT INTO writes VALUES (?,?,?,?,?,?,?)');
    const last = database.prepare('SELECT max(sequence) AS last FROM writes').get();
    this.#version = Number(last?.['last'] ?? 0) + 1000;
  }

  get version(): number {
    return this.#version;
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

  count(table: Table): number {
    return Number(this.#of(table).count.get()?.['rows'] ?? 0);
  }

  insert(table: Table, row: Omit<Row, 'version'>, mark: WriteMark): Row {
    const version = this.#record(table, row.id, 'create', mark);
    try {
      this.#of(table).insert.run(row.id, version, JSON.stringify(row.values));
    } catch (error) {
      throw isUniqueViolation(error) ? duplicateRow('Cannot insert duplicate key.') : error;
    }
    this.keys.move(table, row.id, {}, row.values);
    this.links.move(table, row.id, {}, row.values);
    return { ...row, version };
  }

  update(table: Table, row: Row, values: RowValues, mark: WriteMark): Row {
    this.keys.move(table, row.id, row.values, values);
    this.links.move(table, row.id, row.values, values);
    const version = this.#record(table, row.id, 'update', mark);
    this.#of(table).update.run(version, JSON.stringify(values), row.id);
    return { id: row.id, version, values };
  }

  remove(table: Table, row: Row, mark: WriteMark): void {
    this.keys.move(table, row.id, row.values, {});
    this.links.move(table, row.id, row.values, {});
    this.#record(table, row.id, 'delete', mark);
    this.#of(table).remove.run(row.id);
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
      this.database.exec(isOuter ? 'ROLLBACK' : `ROLLBACK TO s${depth}; RELEASE s${depth}`);
      throw error;
    } finally {
      this.#depth = depth;
    }
  }

  #record(table: Table, id: string, kind: string, mark: WriteMark): number {
    this.#version += 1;
    const columns = JSON.stringify(mark.columns);
    this.#log.run(this.#version, table.name, id, kind, columns, mark.agent, mark.at);
    return this.#version;
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
