import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from './api-message.ts';
import { isGuid } from './column-value.ts';
import { runApart } from './elastic/partial-bulk.ts';
import { bodyPlace, publicId, storedId } from './elastic/partition.ts';
import type { RowEvent } from './events/row-event.ts';
import type { Table } from './model.ts';
import { isJsonObject, type JsonObject, readBody, readPayload } from './payload.ts';
import { badPayload, DataverseError, rowMissing } from './protocol-error.ts';
import { readReference } from './resource-path.ts';
import type { Row } from './row.ts';
import { addressOf, type RowAddress, tableOf } from './row-address.ts';
import { createRow, deleteRow, updateRow } from './row-writer.ts';
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

/** The row a target of an update or delete means. */
function targetRow(context: ApiContext, table: Table, target: JsonObject): Row {
  const id = primaryIdOf(table, target);
  const stored =
    id !== undefined && table.type === 'Elastic'
      ? storedId(bodyPlace({ id, partitionId: id }, target))
      : id;
  const row = stored === undefined ? undefined : context.store.get(table, stored);
  if (row === undefined) {
    throw rowMissing(table.name, id ?? '00000000-0000-0000-0000-000000000000');
  }
  return row;
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
    return publicId(table, createRow(context, table, payload));
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
    const row = targetRow(context, table, target);
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
  return addressOf(table, { kind: 'id', id }, context.now);
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

function deleteMultiple(
  context: ApiContext,
  table: Table,
  targets: readonly JsonObject[],
): ApiResponse {
  for (const target of targets) {
    deleteRow(context, table, targetRow(context, table, target));
  }
  return emptyResponse(204);
}

const handlers: Readonly<Record<string, typeof createMultiple>> = {
  CreateMultiple: createMultiple,
  UpdateMultiple: updateMultiple,
  UpsertMultiple: upsertMultiple,
  DeleteMultiple: deleteMultiple,
};

/**
 * Runs a bulk message: all rows or none, and the error does not say which row
 * (facts A5), but of an elastic table every row for itself. A table may lack a
 * message; `DeleteMultiple` no standard table has.
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
  const targets = readTargets(table, request.body);
  const run = { ...context, bulk };
  const answer =
    table.type === 'Elastic'
      ? runApart(run, targets, (one) => handler(run, table, one))
      : handler(run, table, targets);
  context.events.afterBulk(context, bulk);
  return answer;
}
