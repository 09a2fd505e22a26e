import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse } from '../api-message.ts';
import { namedGuid } from '../key-index.ts';
import type { Column, Table } from '../model.ts';
import { readBody } from '../payload.ts';
import { readAttribute } from './attribute-form.ts';
import { dropColumn, formOf, putColumn } from './model-changes.ts';
import { columnExists, inUse, refused } from './refusal.ts';
import { isCustomName, requireCustomName } from './schema-name.ts';

const longestName = 50;

function locate(context: ApiContext, table: Table, name: string): Readonly<Record<string, string>> {
  const tableId = namedGuid(`table ${table.name}`);
  const id = namedGuid(`attribute ${table.name}.${name}`);
  const place = `EntityDefinitions(${tableId})/Attributes(${id})`;
  return { 'OData-EntityId': `${context.baseUrl}${place}` };
}

/** `POST EntityDefinitions(..)/Attributes`. */
export function createAttribute(
  context: ApiContext,
  table: Table,
  request: ApiRequest,
): ApiResponse {
  const { name, form } = readAttribute(context.model, readBody(request.body));
  requireCustomName('column', form.schemaName ?? name, longestName);
  if (table.columns.has(name)) {
    throw columnExists(table.name, name);
  }
  context.store.atomic(() =>
    context.customizations.record('column', `${table.name}.${name}`, form),
  );
  putColumn(context.model, table, { name, form });
  return emptyResponse(204, locate(context, table, name));
}

/** `PUT EntityDefinitions(..)/Attributes(..)`: the whole definition; its type and name stay. */
export function changeAttribute(
  context: ApiContext,
  place: { readonly table: Table; readonly column: Column },
  request: ApiRequest,
): ApiResponse {
  const { table, column } = place;
  const { name, form } = readAttribute(context.model, {
    ...readBody(request.body),
    SchemaName: column.schemaName,
    LogicalName: column.name,
  });
  const isSame = form.type === column.type;
  if (name !== column.name || !isSame) {
    throw refused(`The type and the name of the column ${column.name} cannot be changed.`);
  }
  const { create, update } = formOf(column);
  const changed = { ...form, create, update };
  context.store.atomic(() =>
    context.customizations.record('column', `${table.name}.${name}`, changed),
  );
  putColumn(context.model, table, { name, form: changed });
  return emptyResponse(204, locate(context, table, name));
}

/** Keys that hold the column. */
function keysWith(table: Table, column: Column): number {
  return [...table.keys.values()].filter((key) => key.columns.includes(column)).length;
}

/** Takes a column, and what rows hold in it, out of its table. Throws 400 while a key holds it. */
export function removeColumn(context: ApiContext, table: Table, column: Column): void {
  const keys = keysWith(table, column);
  if (keys > 0) {
    throw inUse('Attribute', column.name, keys);
  }
  context.store.atomic(() => {
    context.customizations.record('column', `${table.name}.${column.name}`);
    context.store.removeColumn(table, column);
  });
  dropColumn(context.model, table, column);
}

/** `DELETE EntityDefinitions(..)/Attributes(..)`: custom columns only. */
export function deleteAttribute(
  context: ApiContext,
  { table, column }: { readonly table: Table; readonly column: Column },
): ApiResponse {
  const isPrimary = column.name === table.primaryId || column.name === table.primaryName;
  if (!isCustomName(column.name) || isPrimary) {
    throw refused(`The column ${column.name} is not a custom one and cannot be deleted.`);
  }
  removeColumn(context, table, column);
  return emptyResponse(204);
}
