import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rowsTable } from './database.ts';
import type { Model, Table, TableKey } from './model.ts';
import { DataverseError } from './protocol-error.ts';
import { keyText, type RowValues } from './row.ts';

export type KeyStatus = 'Pending' | 'InProgress' | 'Active' | 'Failed';

/** A stable GUID for something that has only a name. */
export function namedGuid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function keyStatus(key: TableKey, now: number): KeyStatus {
  if (key.activeFrom === undefined) {
    return 'Failed';
  }
  if (now >= key.activeFrom) {
    return 'Active';
  }
  return now >= (key.createdAt + key.activeFrom) / 2 ? 'InProgress' : 'Pending';
}

/** Alternate keys: which are declared, and which row holds which value. */
export class KeyIndex {
  readonly #database: DatabaseSync;
  readonly #slots = new Map<TableKey, number>();
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #drop: StatementSync;

  constructor(database: DatabaseSync, model: Model) {
    this.#database = database;
    this.#find = database.prepare('SELECT id FROM key_values WHERE slot=? AND value=?');
    this.#put = database.prepare('INSERT INTO key_values(slot, value, id) VALUES (?,?,?)');
    this.#drop = database.prepare('DELETE FROM key_values WHERE slot=? AND value=? AND id=?');
    this.#loadRuntimeKeys(model);
    this.#forgetRemoved(model);
    for (const table of model.tables.values()) {
      for (const key of table.keys.values()) {
        if (!this.#attach(table, key, false)) {
          this.#fail(table, key);
        }
      }
    }
  }

  /** Declares a key while running; its index counts as built from `activeFrom`. */
  declare(table: Table, key: TableKey): void {
    table.keys.set(key.name, key);
    if (!this.#attach(table, key, true)) {
      this.#fail(table, key);
    }
  }

  withdraw(table: Table, key: TableKey): void {
    this.#forget(table.name, key.name);
    table.keys.delete(key.name);
  }

  find(key: TableKey, values: RowValues): string | undefined {
    const text = keyText(key.columns, values);
    const found = text === undefined ? undefined : this.#find.get(this.#slotOf(key), text);
    return found === undefined ? undefined : String(found['id']);
  }

  /** Throws 412 when another row holds a key value that the row is about to take. */
  check(table: Table, before: RowValues, after: RowValues): void {
    for (const key of table.keys.values()) {
      const slot = this.#slots.get(key);
      const next = keyText(key.columns, after);
      const isKept = next === undefined || next === keyText(key.columns, before);
      if (slot !== undefined && key.activeFrom !== undefined && !isKept) {
        this.#requireFree(key, slot, next);
      }
    }
  }

  /** Moves the row's entries from the old values to the new, which `check` has passed. */
  move(table: Table, id: string, before: RowValues, after: RowValues): void {
    for (const key of table.keys.values()) {
      const slot = this.#slots.get(key);
      const old = keyText(key.columns, before);
      const next = keyText(key.columns, after);
      if (slot === undefined || key.activeFrom === undefined || old === next) {
        continue;
      }
      if (old !== undefined) {
        this.#drop.run(slot, old, id);
      }
      if (next !== undefined) {
        this.#put.run(slot, next, id);
      }
    }
  }

  #requireFree(key: TableKey, slot: number, value: string): void {
    if (this.#find.get(slot, value) !== undefined) {
      const names = key.columns.map((column) => column.name).join(', ');
      throw new DataverseError(
        412,
        '0x80060892',
        `Entity Key ${key.name} violated. A record with the same value for ${names} already exists. A duplicate record cannot be created. Select one or more unique values and try again.`,
      );
    }
  }

  #slotOf(key: TableKey): number {
    return this.#slots.get(key) ?? -1;
  }

  /** Rows collide: the key stays declared but cannot be used. */
  #fail(table: Table, key: TableKey): void {
    table.keys.set(key.name, { ...key, activeFrom: undefined });
    this.#database
      .prepare('UPDATE entity_keys SET active_from=NULL WHERE tbl=? AND name=?')
      .run(table.name, key.name);
  }

  #forget(tableName: string, keyName: string): void {
    const place = [tableName, keyName] as const;
    this.#database
      .prepare(
        'DELETE FROM key_values WHERE slot IN (SELECT slot FROM entity_keys WHERE tbl=? AND name=?)',
      )
      .run(...place);
    this.#database.prepare('DELETE FROM entity_keys WHERE tbl=? AND name=?').run(...place);
  }

  /** A key that left the model files is no longer kept up, so its entries must go. */
  #forgetRemoved(model: Model): void {
    for (const row of this.#database.prepare('SELECT tbl, name FROM entity_keys').all()) {
      if (!model.tables.get(String(row['tbl']))?.keys.has(String(row['name']))) {
        this.#forget(String(row['tbl']), String(row['name']));
      }
    }
  }

  #loadRuntimeKeys(model: Model): void {
    for (const row of this.#database.prepare('SELECT * FROM entity_keys WHERE declared=1').all()) {
      const table = model.tables.get(String(row['tbl']));
      const names: readonly string[] = JSON.parse(String(row['columns']));
      const columns = names.flatMap((name) => table?.columns.get(name) ?? []);
      if (table !== undefined && columns.length === names.length) {
        table.keys.set(String(row['name']), {
          name: String(row['name']),
          columns,
          createdAt: Number(row['created']),
          activeFrom: row['active_from'] === null ? undefined : Number(row['active_from']),
        });
      }
    }
  }

  /** Gives the key its slot, filling the index when it is new; false when rows collide. */
  #attach(table: Table, key: TableKey, declared: boolean): boolean {
    const columns = JSON.stringify(key.columns.map((column) => column.name));
    const known = this.#database
      .prepare('SELECT slot, columns, active_from FROM entity_keys WHERE tbl=? AND name=?')
      .get(table.name, key.name);
    const mustRetry = known?.['active_from'] === null && key.activeFrom !== undefined;
    if (known !== undefined && known['columns'] === columns && !mustRetry) {
      this.#slots.set(key, Number(known['slot']));
      return true;
    }
    this.#forget(table.name, key.name);
    const { lastInsertRowid } = this.#database
      .prepare(
        'INSERT INTO entity_keys(tbl, name, columns, created, active_from, declared) VALUES (?,?,?,?,?,?)',
      )
      .run(table.name, key.name, columns, key.createdAt, key.activeFrom ?? null, declared ? 1 : 0);
    this.#slots.set(key, Number(lastInsertRowid));
    return this.#fill(table, key, Number(lastInsertRowid));
  }

  #fill(table: Table, key: TableKey, slot: number): boolean {
    const insert = this.#database.prepare(
      'INSERT OR IGNORE INTO key_values(slot, value, id) VALUES (?,?,?)',
    );
    const rows = this.#database.prepare(`SELECT id, body FROM ${rowsTable(table.name)}`);
    for (const row of rows.all()) {
      const text = keyText(key.columns, JSON.parse(String(row['body'])));
      if (text !== undefined && insert.run(slot, text, String(row['id'])).changes === 0) {
        this.#database.prepare('DELETE FROM key_values WHERE slot=?').run(slot);
        return false;
      }
    }
    return true;
  }
}
