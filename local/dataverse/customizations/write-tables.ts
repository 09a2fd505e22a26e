import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse } from '../api-message.ts';
import { namedGuid } from '../key-index.ts';
import { buildTable, type Table } from '../model.ts';
import { type TableForm, tableTypes } from '../model-schema.ts';
import { readBody } from '../payload.ts';
import { writeMessages } from '../platform-rows.ts';
import { odataProviderId } from '../virtual/data-sources.ts';
import { type AttributeForm, readAttribute } from './attribute-form.ts';
import { dropTable, formOf, putTable } from './model-changes.ts';
import { inUse, refused } from './refusal.ts';
import {
  isCustomName,
  labelSchema,
  labelText,
  readDefinition,
  requireCustomName,
} from './schema-name.ts';

const longestName = 50;

const tableBody = z.object({
  SchemaName: z.string().min(1),
  DisplayName: labelSchema,
  DisplayCollectionName: labelSchema,
  OwnershipType: z.enum(['UserOwned', 'OrganizationOwned']).default('UserOwned'),
  ChangeTrackingEnabled: z.boolean().nullish(),
  TableType: z.enum(tableTypes).nullish(),
  DataProviderId: z.guid().nullish(),
  DataSourceId: z.guid().nullish(),
  ExternalName: z.string().nullish(),
  ExternalCollectionName: z.string().nullish(),
  Attributes: z.array(z.unknown()).length(1),
});

const changeBody = z.object({
  DisplayName: labelSchema.nullish(),
  ChangeTrackingEnabled: z.boolean().nullish(),
});

function primaryName(context: ApiContext, attribute: unknown): AttributeForm {
  const read = readAttribute(context.model, attribute);
  if (!read.isPrimaryName || read.form.type !== 'string') {
    throw refused('Attributes holds the primary name column: a string with IsPrimaryName true.');
  }
  requireCustomName('column', read.form.schemaName ?? read.name, longestName);
  return read;
}

function locate(context: ApiContext, table: Table): Readonly<Record<string, string>> {
  const id = namedGuid(`table ${table.name}`);
  return { 'OData-EntityId': `${context.baseUrl}EntityDefinitions(${id})` };
}

/** The table type, and for a virtual table where its rows are (facts A11: it tracks no changes). */
function kindOf(body: z.infer<typeof tableBody>): Pick<TableForm, 'tableType' | 'external'> {
  const tableType = body.TableType ?? 'Standard';
  if (tableType !== 'Virtual') {
    return { tableType };
  }
  const { DataSourceId: dataSource, ExternalCollectionName: collection, ExternalName } = body;
  if (body.DataProviderId !== odataProviderId || dataSource == null || !collection) {
    throw refused(
      `A virtual table needs DataProviderId ${odataProviderId} (OData v4), DataSourceId and ExternalCollectionName.`,
    );
  }
  if (body.ChangeTrackingEnabled === true || body.OwnershipType !== 'OrganizationOwned') {
    throw refused('A virtual table is OrganizationOwned and cannot have change tracking.');
  }
  const name = ExternalName == null ? {} : { name: ExternalName };
  return { tableType, external: { dataSource, collection, ...name } };
}

/** `POST EntityDefinitions`: a table with its primary name column. */
export function createTable(context: ApiContext, request: ApiRequest): ApiResponse {
  const body = readDefinition(tableBody, readBody(request.body));
  requireCustomName('table', body.SchemaName, longestName);
  const name = body.SchemaName.toLowerCase();
  if (context.model.tables.has(name)) {
    throw refused(
      `The schema name ${body.SchemaName} for type Entity is not unique. An Entity with same name already exists.`,
      '0x80044363',
    );
  }
  const column = primaryName(context, body.Attributes[0]);
  const form: TableForm = {
    schemaName: body.SchemaName,
    display: labelText(body.DisplayName) ?? body.SchemaName,
    primaryName: column.name,
    changeTracking: body.ChangeTrackingEnabled ?? false,
    ...kindOf(body),
    columns: { [column.name]: column.form },
  };
  const table = buildTable(name, form);
  context.store.atomic(() => {
    context.customizations.record('table', name, form);
    context.store.addTable(table);
    writeMessages(context.store, context.model, table);
  });
  putTable(context.model, table);
  return emptyResponse(204, locate(context, table));
}

/** `PUT EntityDefinitions(..)`: the display name, and change tracking, which is never switched off. */
export function changeTable(context: ApiContext, table: Table, request: ApiRequest): ApiResponse {
  const body = readDefinition(changeBody, readBody(request.body));
  const display = labelText(body.DisplayName) ?? table.display;
  const changeTracking = body.ChangeTrackingEnabled ?? table.changeTracking;
  if (table.type === 'Virtual' && changeTracking) {
    throw refused(`The virtual table ${table.name} cannot have change tracking.`);
  }
  if (table.changeTracking && !changeTracking) {
    throw refused(`Change tracking of ${table.name} cannot be switched off.`);
  }
  const { name, schemaName, entitySet, primaryId } = table;
  const column = table.columns.get(table.primaryName ?? '');
  const form: TableForm = {
    ...{ schemaName, entitySet, primaryId, display, changeTracking },
    tableType: table.type,
    ...(table.external && { external: table.external }),
    ...(column && { primaryName: column.name }),
    columns: column === undefined ? {} : { [column.name]: formOf(column) },
  };
  context.store.atomic(() => context.customizations.record('table', name, form));
  table.display = display;
  table.changeTracking = changeTracking;
  return emptyResponse(204, locate(context, table));
}

/** `DELETE EntityDefinitions(..)`: a custom table that no lookup of another table points at. */
export function deleteTable(context: ApiContext, table: Table): ApiResponse {
  if (!isCustomName(table.name)) {
    throw refused(`The table ${table.name} is not a custom one and cannot be deleted.`);
  }
  const others = (context.model.incoming.get(table.name) ?? []).filter(
    (incoming) => incoming.table !== table,
  );
  if (others.length > 0) {
    throw inUse('Entity', table.name, others.length);
  }
  context.store.atomic(() => {
    context.customizations.forgetColumns(table.name);
    context.customizations.record('table', table.name);
    context.store.removeTable(table);
  });
  dropTable(context.model, table);
  return emptyResponse(204);
}
