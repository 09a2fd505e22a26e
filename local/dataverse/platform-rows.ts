import { rowsTable } from './database.ts';
import { namedGuid } from './key-index.ts';
import type { Model, Table } from './model.ts';
import { platformAgent } from './platform-agent.ts';
import type { RowValues } from './row.ts';
import type { RowStore } from './row-store.ts';
import {
  administratorRoleId,
  businessUnitId,
  organizationId,
  systemUserId,
} from './system-tables.ts';

/** Tables whose rows only the stand-in makes. */
const ownTables: ReadonlySet<string> = new Set(['organization', 'sdkmessage', 'sdkmessagefilter']);

/** Tables with rows that the stand-in makes itself; they are not counted in the status. */
export const platformTables: ReadonlySet<string> = new Set([
  ...ownTables,
  'systemuser',
  'businessunit',
  'role',
]);

interface PlatformRow {
  readonly table: string;
  readonly id: string;
  readonly values: RowValues;
}

const fixedRows: readonly PlatformRow[] = [
  {
    table: 'systemuser',
    id: systemUserId,
    values: { fullname: '# fhir-dataverse-sync', businessunitid: businessUnitId },
  },
  { table: 'businessunit', id: businessUnitId, values: { name: 'local' } },
  { table: 'organization', id: organizationId, values: { name: 'local' } },
  {
    table: 'role',
    id: administratorRoleId,
    values: { name: 'System Administrator', businessunitid: businessUnitId },
  },
];

/** Events of every standard table; the bulk messages a table may lack. */
const singleMessages = ['Create', 'Update', 'Delete'];
const messages = [
  ...singleMessages,
  'CreateMultiple',
  'UpdateMultiple',
  'UpsertMultiple',
  'DeleteMultiple',
];

const ids = new Map<string, string>();

/** Thousands of them at every start; there are no more names than tables and messages. */
function platformId(name: string): string {
  const id = ids.get(name) ?? namedGuid(name);
  ids.set(name, id);
  return id;
}

const messageId = (name: string): string => platformId(`message ${name}`);

function filterRows(table: Table): readonly PlatformRow[] {
  if (table.type === 'Virtual') {
    return [];
  }
  return [...singleMessages, ...table.bulkMessages].map((message) => ({
    table: 'sdkmessagefilter',
    id: platformId(`filter ${message} ${table.name}`),
    values: { primaryobjecttypecode: table.name, sdkmessageid: messageId(message) },
  }));
}

/** The rows that exist before anybody writes: user, unit, and which table takes which bulk message. */
function platformRows(model: Model): readonly PlatformRow[] {
  const named = messages.map((name) => ({
    table: 'sdkmessage',
    id: messageId(name),
    values: { name },
  }));
  return [...fixedRows, ...named, ...[...model.tables.values()].flatMap(filterRows)];
}

function writeTable(store: RowStore, table: Table, wanted: ReadonlyMap<string, RowValues>): void {
  const mark = { agent: platformAgent, at: Date.now(), columns: [] };
  const found = store.prepare(`SELECT id FROM ${rowsTable(table.name)}`).all();
  const present = new Set(found.map((row) => String(row['id'])));
  for (const id of ownTables.has(table.name) ? present : []) {
    const row = wanted.has(id) ? undefined : store.get(table, id);
    if (row !== undefined) {
      store.remove(table, row, mark);
    }
  }
  for (const [id, values] of wanted) {
    if (!present.has(id)) {
      store.insert(table, { id, values }, mark);
    }
  }
}

/** The messages of a table that the metadata have just been given, so that steps can be registered on it. */
export function writeMessages(store: RowStore, model: Model, table: Table): void {
  const filters = model.tables.get('sdkmessagefilter');
  const mark = { agent: platformAgent, at: Date.now(), columns: [] };
  if (filters === undefined) {
    return;
  }
  for (const { id, values } of filterRows(table)) {
    if (!store.has(filters, id)) {
      store.insert(filters, { id, values }, mark);
    }
  }
}

/** Makes the platform's rows what the model says; called at every start. */
export function writePlatformRows(store: RowStore, model: Model): void {
  const rows = platformRows(model);
  store.atomic(() => {
    for (const name of platformTables) {
      const table = model.tables.get(name);
      const wanted = rows.filter((row) => row.table === name);
      if (table !== undefined) {
        writeTable(store, table, new Map(wanted.map((row) => [row.id, row.values])));
      }
    }
  });
}
