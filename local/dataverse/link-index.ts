import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rowsTable } from './database.ts';
import type { Column, Model, Table } from './model.ts';
import { indexText, type RowValues } from './row.ts';

interface IndexedColumn {
  readonly column: Column;
  readonly slot: number;
}

/** Every row has the same user here, so an index on these would select nothing. */
const unselective = new Set([
  'createdby',
  'modifiedby',
  'createdonbehalfby',
  'modifiedonbehalfby',
  'ownerid',
  'owningbusinessunit',
  'transactioncurrencyid',
]);

/** Text columns that syncs match rows on, and ids by which a caller is found. */
const matchedText = new Set([
  'msemr_azurefhirid',
  'msemr_code',
  'msemr_value',
  'msemr_identifier',
  'applicationid',
  'azureactivedirectoryobjectid',
]);

function isIndexed(table: Table, column: Column): boolean {
  const inKey = [...table.keys.values()].some((key) => key.columns.includes(column));
  const isLookup = column.type === 'lookup' && !unselective.has(column.name);
  return isLookup || inKey || matchedText.has(column.name);
}

/** Finds rows by the value of an indexed column, and rows that point at a row. */
export class LinkIndex {
  readonly #database: DatabaseSync;
  readonly #columns = new Map<Table, readonly IndexedColumn[]>();
  readonly #slots = new Map<Column, number>();
  readonly #owners = new Map<number, { readonly table: Table; readonly column: Column }>();
  readonly #put: StatementSync;
  readonly #drop: StatementSync;
  readonly #pointing: StatementSync;
  readonly #newSlot: StatementSync;

  constructor(database: DatabaseSync, model: Model) {
    this.#database = database;
    this.#put = database.prepare('INSERT OR IGNORE INTO links(value, slot, id) VALUES (?,?,?)');
    this.#drop = database.prepare('DELETE FROM links WHERE value=? AND slot=? AND id=?');
    this.#pointing = database.prepare('SELECT slot, id FROM links WHERE value=?');
    this.#newSlot = database.prepare('INSERT INTO slots(tbl, col) VALUES (?,?)');
    const known = new Map(
      database
        .prepare('SELECT slot, tbl, col FROM slots')
        .all()
        .map((row) => [`${row['tbl']}.${row['col']}`, Number(row['slot'])]),
    );
    this.#forgetRemoved(model, known);
    for (const table of model.tables.values()) {
      const columns = [...table.columns.values()].filter((column) => isIndexed(table, column));
      const slots = columns.map((column) => known.get(`${table.name}.${column.name}`));
      const isEmpty = slots.includes(undefined) && this.#isEmpty(table);
      const indexed = columns.map((column, index) =>
        this.#attach(table, column, slots[index] ?? this.#create(table, column, isEmpty)),
      );
      this.#columns.set(table, indexed);
    }
  }

  /** The number under which a column's values are filed, or undefined when it is not indexed. */
  slotOf(column: Column): number | undefined {
    return this.#slots.get(column);
  }

  /** Starts to index a column (for a key declared while running). */
  add(table: Table, column: Column): void {
    if (!this.#slots.has(column)) {
      const slot = this.#create(table, column, this.#isEmpty(table));
      const indexed = this.#attach(table, column, slot);
      this.#columns.set(table, [...(this.#columns.get(table) ?? []), indexed]);
    }
  }

  /** Indexes the columns of a new table that are worth it. */
  addTable(table: Table): void {
    for (const column of table.columns.values()) {
      if (isIndexed(table, column)) {
        this.add(table, column);
      }
    }
  }

  remove(table: Table, column: Column): void {
    const slot = this.#slots.get(column);
    if (slot !== undefined) {
      this.#database.prepare('DELETE FROM links WHERE slot=?').run(slot);
      this.#database.prepare('DELETE FROM slots WHERE slot=?').run(slot);
      this.#owners.delete(slot);
      this.#slots.delete(column);
      const others = this.#columns.get(table) ?? [];
      this.#columns.set(
        table,
        others.filter((one) => one.column !== column),
      );
    }
  }

  removeTable(table: Table): void {
    for (const { column } of this.#columns.get(table) ?? []) {
      this.remove(table, column);
    }
    this.#columns.delete(table);
  }

  move(table: Table, id: string, before: RowValues, after: RowValues): void {
    for (const { column, slot } of this.#columns.get(table) ?? []) {
      const old = before[column.name];
      const next = after[column.name];
      if (old === next) {
        continue;
      }
      if (old !== undefined) {
        this.#drop.run(indexText(old), slot, id);
      }
      if (next !== undefined) {
        this.#put.run(indexText(next), slot, id);
      }
    }
  }

  /** Rows whose lookups hold this id, with the lookup column. */
  pointingAt(
    id: string,
    target: string,
  ): readonly { readonly table: Table; readonly column: Column; readonly id: string }[] {
    return this.#pointing.all(id).flatMap((row) => {
      const owner = this.#owners.get(Number(row['slot']));
      return owner?.column.targets.includes(target) ? [{ ...owner, id: String(row['id']) }] : [];
    });
  }

  /** A column that is no longer indexed is no longer kept up, so its entries must go. */
  #forgetRemoved(model: Model, known: Map<string, number>): void {
    for (const [name, slot] of known) {
      const [tableName = '', columnName = ''] = name.split('.');
      const table = model.tables.get(tableName);
      const column = table?.columns.get(columnName);
      if (table === undefined || column === undefined || !isIndexed(table, column)) {
        this.#database.prepare('DELETE FROM links WHERE slot=?').run(slot);
        this.#database.prepare('DELETE FROM slots WHERE slot=?').run(slot);
        known.delete(name);
      }
    }
  }

  #attach(table: Table, column: Column, slot: number): IndexedColumn {
    this.#slots.set(column, slot);
    this.#owners.set(slot, { table, column });
    return { column, slot };
  }

  #isEmpty({ name }: Table): boolean {
    return this.#database.prepare(`SELECT 1 FROM ${rowsTable(name)} LIMIT 1`).get() === undefined;
  }

  /** A slot for a column, with what the rows hold in it; an empty table has nothing to look through. */
  #create(table: Table, column: Column, isEmpty: boolean): number {
    const { lastInsertRowid } = this.#newSlot.run(table.name, column.name);
    const slot = Number(lastInsertRowid);
    if (isEmpty) return slot;
    const path = `$."${column.name}"`;
    const rows = this.#database
      .prepare(
        `SELECT id, body FROM ${rowsTable(table.name)} WHERE json_extract(body, ?) IS NOT NULL`,
      )
      .all(path);
    for (const row of rows) {
      const values: RowValues = JSON.parse(String(row['body']));
      this.#put.run(indexText(values[column.name] ?? ''), slot, String(row['id']));
    }
    return slot;
  }
}
