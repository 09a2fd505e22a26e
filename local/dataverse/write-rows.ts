import type { ApiContext } from './api-context.ts';
import {
  type ApiRequest,
  type ApiResponse,
  emptyResponse,
  jsonResponse,
  readPreferences,
} from './api-message.ts';
import { insertBody } from './deep-insert.ts';
import { bodyPlace, type ElasticPlace, publicId, storedId } from './elastic/partition.ts';
import type { Table } from './model.ts';
import { type JsonObject, readBody, readPayload } from './payload.ts';
import {
  badQuery,
  DataverseError,
  duplicateRow,
  resourceMissing,
  versionMismatch,
} from './protocol-error.ts';
import { readQueryOptions } from './query-options.ts';
import type { KeyPart } from './resource-path.ts';
import { etagOf, type Row } from './row.ts';
import { addressMissing, addressOf, findRow, type RowAddress } from './row-address.ts';
import { rowRenderer } from './row-view.ts';
import { createRow, deleteRow, overwriteRow, updateRow } from './row-writer.ts';

/** An answer and the row it is about, which later parts of a change set may refer to. */
export interface WriteResult {
  readonly response: ApiResponse;
  readonly reference: { readonly table: Table; readonly id: string } | undefined;
}

interface Written {
  readonly row: Row;
  readonly isNew: boolean;
  /** What `OData-EntityId` says after the base URL. */
  readonly entityId: string;
}

/** Checks what the caller wants to see before anything is written, then answers for the row. */
function answerer(
  context: ApiContext,
  table: Table,
  request: ApiRequest,
): (written: Written) => WriteResult {
  const { returnsRepresentation, annotations } = readPreferences(request.headers['prefer']);
  if (!returnsRepresentation) {
    return ({ row, isNew, entityId }) => {
      const place = `${context.baseUrl}${entityId}`;
      const headers = { ...(isNew ? { Location: place } : {}), 'OData-EntityId': place };
      return { response: emptyResponse(204, headers), reference: { table, id: row.id } };
    };
  }
  const options = readQueryOptions(request.query);
  const { render, selection } = rowRenderer(table, options, { context, annotations });
  const about = `${context.baseUrl}$metadata#${table.entitySet}${selection}/$entity`;
  return ({ row, isNew }) => {
    const body = { '@odata.context': about, ...render(row) };
    const headers = { ETag: etagOf(row.version), 'Preference-Applied': 'return=representation' };
    const response = jsonResponse(isNew ? 201 : 200, body, headers);
    return { response, reference: { table, id: row.id } };
  };
}

/** `POST /contacts`. */
export function postRow(context: ApiContext, table: Table, request: ApiRequest): WriteResult {
  const answer = answerer(context, table, request);
  const row = insertBody(context, table, readBody(request.body));
  return answer({ row, isNew: true, entityId: `${table.entitySet}(${publicId(table, row)})` });
}

type Condition =
  | { readonly kind: 'none' | 'exists' | 'absent' }
  | { readonly kind: 'etag'; readonly etag: string };

function conditionOf(request: ApiRequest): Condition {
  const match = request.headers['if-match'];
  const noneMatch = request.headers['if-none-match'];
  if (noneMatch?.trim() === '*') {
    return { kind: 'absent' };
  }
  if (match === undefined || match === 'null') {
    return { kind: 'none' };
  }
  return match.trim() === '*' ? { kind: 'exists' } : { kind: 'etag', etag: match.trim() };
}

function checkCondition(condition: Condition, row: Row | undefined, address: RowAddress): void {
  if (condition.kind === 'absent' && row !== undefined) {
    throw duplicateRow('A record with matching key values already exists.');
  }
  if ((condition.kind === 'exists' || condition.kind === 'etag') && row === undefined) {
    throw addressMissing(address);
  }
  if (condition.kind === 'etag' && !address.table.optimisticConcurrency) {
    throw new DataverseError(
      400,
      '0x8006088d',
      `Optimistic concurrency isn't enabled for entity type ${address.table.name}. The IfVersionMatches value of ConcurrencyBehavior can only be used if optimistic concurrency is enabled.`,
    );
  }
  if (condition.kind === 'etag' && row !== undefined && condition.etag !== etagOf(row.version)) {
    throw versionMismatch();
  }
}

/** The members of a body that are part of the URL key. */
function keyMembers(address: RowAddress): ReadonlySet<string> {
  const columns = address.kind === 'key' ? address.key.columns : [];
  return new Set(columns.flatMap((column) => [column.name, column.property]));
}

function withoutKey(body: JsonObject, address: RowAddress): JsonObject {
  const members = keyMembers(address);
  const navigations = new Set(
    address.kind === 'key'
      ? address.key.columns.flatMap((column) => [...column.navigations.values()])
      : [],
  );
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name]) => !members.has(name) && !navigations.has(name.split('@')[0] ?? name),
    ),
  );
}

/** Without a condition an elastic row is overwritten; with one it is changed, or made, as others are. */
function upsertElastic(
  context: ApiContext,
  address: RowAddress,
  wish: { readonly place: ElasticPlace; readonly body: JsonObject; readonly condition: Condition },
): { readonly row: Row; readonly isNew: boolean } {
  const { table } = address;
  const { body, condition } = wish;
  const place = bodyPlace(wish.place, body);
  const found = context.store.get(table, storedId(place));
  checkCondition(condition, found, address);
  const payload = readPayload(table, body, { ...context, isCreate: found === undefined });
  return found === undefined || condition.kind === 'none'
    ? overwriteRow(context, table, { place, payload })
    : { row: updateRow(context, table, found, payload), isNew: false };
}

/**
 * Creates or updates the row at an address. On update, body members of the URL
 * key are dropped; on create a body value wins over the URL's (facts A2).
 */
export function upsertAt(
  context: ApiContext,
  address: RowAddress,
  body: JsonObject,
  condition: Condition = { kind: 'none' },
): { readonly row: Row; readonly isNew: boolean } {
  const { table } = address;
  if (address.kind === 'id' && address.place !== undefined) {
    return upsertElastic(context, address, { place: address.place, body, condition });
  }
  const found = findRow(context.store, address);
  checkCondition(condition, found, address);
  if (found !== undefined) {
    const payload = readPayload(table, withoutKey(body, address), { ...context, isCreate: false });
    return { row: updateRow(context, table, found, payload), isNew: false };
  }
  const payload = readPayload(table, body, { ...context, isCreate: true });
  if (address.kind === 'id') {
    return { row: createRow(context, table, payload, address.id), isNew: true };
  }
  const fromUrl = Object.entries(address.values).filter(([name]) => !payload.values.has(name));
  const values = new Map([...payload.values, ...fromUrl]);
  const columns = [...payload.columns, ...fromUrl.map(([name]) => name)];
  return { row: createRow(context, table, { values, columns }), isNew: true };
}

interface Place {
  readonly table: Table;
  readonly key: KeyPart;
  /** The segment as it was sent. */
  readonly raw: string;
}

/** `PATCH /contacts(..)`: upsert, or with the conditional headers only one half of it. */
export function patchRow(context: ApiContext, request: ApiRequest, place: Place): WriteResult {
  const { table } = place;
  const address = addressOf(table, place.key, context.now);
  const answer = answerer(context, table, request);
  const body = readBody(request.body);
  const { row, isNew } = upsertAt(context, address, body, conditionOf(request));
  const isById = place.key.kind === 'id' || (address.kind === 'id' && table.type !== 'Elastic');
  const entityId = isById ? `${table.entitySet}(${publicId(table, row)})` : place.raw;
  return answer({ row, isNew, entityId });
}

/** `DELETE /contacts(..)`. */
export function removeRow(context: ApiContext, request: ApiRequest, place: Place): WriteResult {
  const address = addressOf(place.table, place.key, context.now);
  const row = findRow(context.store, address);
  checkCondition(conditionOf(request), row, address);
  if (row === undefined) {
    throw addressMissing(address);
  }
  deleteRow(context, place.table, row);
  return { response: emptyResponse(204), reference: undefined };
}

/**
 * `PUT` and `DELETE` of one member: a column (`{"value": ..}`), or the `$ref` of
 * a lookup (`{"@odata.id": ..}`).
 */
export function writeMember(
  context: ApiContext,
  request: ApiRequest,
  place: Place & { readonly member: string; readonly isReference: boolean },
): WriteResult {
  const { table, member, isReference } = place;
  const isKnown = isReference ? table.navigations.has(member) : table.properties.has(member);
  if (!isKnown) {
    throw resourceMissing(member);
  }
  const address = addressOf(table, place.key, context.now);
  const sent = request.method === 'DELETE' ? {} : readBody(request.body);
  const name = isReference ? `${member}@odata.bind` : member;
  const value = sent[isReference ? '@odata.id' : 'value'] ?? null;
  if (request.method === 'PUT' && value === null && isReference) {
    throw badQuery("The body of a reference needs the member '@odata.id'.");
  }
  const { row } = upsertAt(context, address, { [name]: value }, { kind: 'exists' });
  return { response: emptyResponse(204), reference: { table, id: row.id } };
}
