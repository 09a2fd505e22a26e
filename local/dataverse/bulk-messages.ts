import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from './api-message.ts';
import { isGuid } from './column-value.ts';
import type { RowEvent } from './events/row-event.ts';
import type { Table } from './model.ts';
import { isJsonObject, type JsonObject, readBody, readPayload } from './payload.ts';
import { badPayload, DataverseError, rowMissing } from './protocol-error.ts';
import { readReference } from './resource-path.ts';
import { addressOf, type RowAddress, tableOf } from './row-address.ts';
import { createRow, updateRow } from './row-writer.ts';
import { upsertAt } from './write-rows.ts';

const prefix = 'Microsoft.Dynamics.CRM.';

/** The bulk message a segment names, or undefined. */
export function bulkMessage(segment: string): string | undefined {
  return segment.startsWith(prefix) && segment.endsWith('Multiple')
    ? segment.slice(prefix.length)
    : undefined;
}

function readTargets(table: Table, body: string): readonly JsonObject[] {
  const targets = readBody(body)['Targets'];
  if (!Array.isArray(targets)) {
    throw badPayload(table.entitySet, "The parameter 'Targets' is missing or not a collection.");
  }
  return targets.map((target: unknown) => {
    if (!isJsonObject(target)) {
      throw badPayload(table.entitySet, "An item of 'Targets' is not an object.");
    }
    const type = target['@odata.type'];
    if (typeof type !== 'string' || type.replace(/^#/, '') !== `${prefix}${table.name}`) {
      throw badPayload(
        table.entitySet,
        `Microsoft.OData.ODataException: Every item of 'Targets' needs "@odata.type": "${prefix}${table.name}".`,
      );
    }
    return target;
  });
}

function primaryIdOf(table: Table, target: JsonObject): string | undefined {
  const id = target[table.primaryId];
  return typeof id === 'string' && isGuid(id) ? id.toLowerCase() : undefined;
}

function createMultiple(
  context: ApiContext,
  table: Table,
  targets: readonly JsonObject[],
): ApiResponse {
  const ids = targets.map((target) => {
    const payload = readPayload(table, target, { ...context, isCreate: true });
    return createRow(context, table, payload).id;
  });
  const about = `${context.baseUrl}$metadata#${prefix}CreateMultipleResponse`;
  return jsonResponse(200, { '@odata.context': about, Ids: ids });
}

function updateMultiple(
  context: ApiContext,
  table: Table,
  targets: readonly JsonObject[],
): ApiResponse {
  for (const target of targets) {
    const id = primaryIdOf(table, target);
    const row = id === undefined ? undefined : context.store.get(table, id);
    if (row === undefined) {
      throw rowMissing(table.name, id ?? '00000000-0000-0000-0000-000000000000');
    }
    updateRow(context, table, row, readPayload(table, target, { ...context, isCreate: false }));
  }
  return emptyResponse(204);
}

function upsertAddress(context: ApiContext, table: Table, target: JsonObject): RowAddress {
  const reference = target['@odata.id'];
  if (typeof reference === 'string') {
    const segment = readReference(reference);
    if (segment.key !== undefined && tableOf(context.model, segment) === table) {
      return addressOf(table, segment.key, context.now);
    }
  }
  const id = primaryIdOf(table, target);
  if (id === undefined) {
    throw badPayload(
      table.entitySet,
      `An item of 'Targets' needs "@odata.id" with a key of ${table.entitySet}, or ${table.primaryId}.`,
    );
  }
  return { kind: 'id', table, id };
}

function upsertMultiple(
  context: ApiContext,
  table: Table,
  targets: readonly JsonObject[],
): ApiResponse {
  for (const target of targets) {
    upsertAt(context, upsertAddress(context, table, target), target);
  }
  return emptyResponse(204);
}

const handlers: Readonly<Record<string, typeof createMultiple>> = {
  CreateMultiple: createMultiple,
  UpdateMultiple: updateMultiple,
  UpsertMultiple: upsertMultiple,
};

/**
 * Runs a bulk message: all rows or none, and the error does not say which row
 * (facts A5). A table may lack a message; `DeleteMultiple` no standard table has.
 */
export function runBulk(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly message: string },
): ApiResponse {
  const { table, message } = place;
  const handler = handlers[message];
  if (handler === undefined || !table.bulkMessages.has(message)) {
    throw new DataverseError(
      400,
      '0x80040800',
      `The '${message}' method does not support entities of type '${table.name}'.`,
    );
  }
  const bulk: RowEvent[] = [];
  const answer = handler({ ...context, bulk }, table, readTargets(table, request.body));
  context.events.afterBulk(context, bulk);
  return answer;
}
