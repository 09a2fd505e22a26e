import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, jsonResponse } from './api-message.ts';
import { attributeMetadata, type MetadataObject } from './attribute-metadata.ts';
import { metadataDocument } from './csdl.ts';
import { metadataAction, requireMetadataWrite } from './customizations/metadata-writes.ts';
import { relationshipDefinitions } from './customizations/relationship-definitions.ts';
import {
  changeAttribute,
  createAttribute,
  deleteAttribute,
} from './customizations/write-attributes.ts';
import { globalChoices } from './customizations/write-choices.ts';
import { changeTable, createTable, deleteTable } from './customizations/write-tables.ts';
import { declareKey, withdrawKey } from './key-declaration.ts';
import type { Column, Table } from './model.ts';
import { filterObjects, selectMembers } from './object-query.ts';
import { methodNotAllowed, resourceMissing } from './protocol-error.ts';
import { type QueryOptions, readQueryOptions } from './query-options.ts';
import type { KeyPart, Segment } from './resource-path.ts';
import { type Collection, collectionOf, collections, tableMetadata } from './table-metadata.ts';

function collectionNamed(name: string): Collection | undefined {
  return collections.find((collection) => collection === name);
}

function isKeyed(object: MetadataObject, key: KeyPart): boolean {
  if (key.kind === 'id') {
    return object['MetadataId'] === key.id;
  }
  return [...key.members].every(
    ([name, literal]) => literal.kind === 'text' && object[name] === literal.value,
  );
}

function viewTable(context: ApiContext, table: Table, options: QueryOptions): MetadataObject {
  const { now, model } = context;
  const expanded = options.expand.map((item) => {
    const collection = collectionNamed(item.navigation);
    if (collection === undefined) {
      throw resourceMissing(item.navigation);
    }
    const members = filterObjects(collectionOf(model, table, { collection, now }), item.options);
    return [item.navigation, members.map((member) => selectMembers(member, item.options))] as const;
  });
  return { ...selectMembers(tableMetadata(table), options), ...Object.fromEntries(expanded) };
}

function listTables(context: ApiContext, options: QueryOptions): ApiResponse {
  const { tables } = context.model;
  const found = filterObjects([...tables.values()].map(tableMetadata), options);
  const value = found.flatMap((object) => {
    const table = tables.get(String(object['LogicalName']));
    return table === undefined ? [] : [viewTable(context, table, options)];
  });
  return jsonResponse(200, {
    '@odata.context': `${context.baseUrl}$metadata#EntityDefinitions`,
    ...(options.count ? { '@odata.count': value.length } : {}),
    value,
  });
}

function tableKeyed(context: ApiContext, key: KeyPart): Table {
  const named = key.kind === 'named' ? key.members.get('LogicalName') : undefined;
  const known = named?.kind === 'text' ? context.model.tables.get(named.value) : undefined;
  if (known !== undefined && isKeyed(tableMetadata(known), key)) {
    return known;
  }
  const table = [...context.model.tables.values()].find((one) => isKeyed(tableMetadata(one), key));
  if (table === undefined) {
    throw resourceMissing('EntityDefinitions');
  }
  return table;
}

interface CollectionPlace {
  readonly table: Table;
  readonly collection: Collection;
  readonly segment: Segment;
  /** What follows: a cast to a typed metadata, or a member such as `OptionSet`. */
  readonly rest: readonly Segment[];
}

function viewCollection(
  context: ApiContext,
  options: QueryOptions,
  place: CollectionPlace,
): ApiResponse {
  const { table, collection, segment, rest } = place;
  const [first, second] = rest;
  const isCast = first?.name.startsWith('Microsoft.Dynamics.CRM.') ?? false;
  const all = collectionOf(context.model, table, { collection, now: context.now });
  const typed = isCast ? all.filter((one) => one['@odata.type'] === `#${first?.name}`) : all;
  const about = `${context.baseUrl}$metadata#EntityDefinitions('${table.name}')/${collection}`;
  const { key } = segment;
  if (key === undefined) {
    const value = filterObjects(typed, options).map((one) => selectMembers(one, options));
    return jsonResponse(200, { '@odata.context': about, value });
  }
  const found = typed.find((one) => isKeyed(one, key));
  if (found === undefined) {
    throw resourceMissing(collection);
  }
  const member = isCast ? second : first;
  const value = member === undefined ? selectMembers(found, options) : found[member.name];
  if (typeof value !== 'object' || value === null) {
    throw resourceMissing(member?.name ?? collection);
  }
  return jsonResponse(200, { '@odata.context': `${about}/$entity`, ...value });
}

function columnKeyed(table: Table, key: KeyPart): Column {
  const found = [...table.columns.values()].find((one) =>
    isKeyed(attributeMetadata(table, one), key),
  );
  if (found === undefined) {
    throw resourceMissing('Attributes');
  }
  return found;
}

function writeAttribute(
  context: ApiContext,
  request: ApiRequest,
  { table, segment }: { readonly table: Table; readonly segment: Segment },
): ApiResponse {
  const { key } = segment;
  if (key === undefined && request.method === 'POST') {
    return createAttribute(context, table, request);
  }
  if (key !== undefined && request.method === 'PUT') {
    return changeAttribute(context, { table, column: columnKeyed(table, key) }, request);
  }
  if (key !== undefined && request.method === 'DELETE') {
    return deleteAttribute(context, { table, column: columnKeyed(table, key) });
  }
  throw methodNotAllowed(request.method);
}

function writeTable(
  context: ApiContext,
  request: ApiRequest,
  key: KeyPart | undefined,
): ApiResponse {
  requireMetadataWrite(context, request, 'EntityDefinitions');
  if (key === undefined && request.method === 'POST') {
    return createTable(context, request);
  }
  if (key !== undefined && request.method === 'PUT') {
    return changeTable(context, tableKeyed(context, key), request);
  }
  if (key !== undefined && request.method === 'DELETE') {
    return deleteTable(context, tableKeyed(context, key));
  }
  throw methodNotAllowed(request.method);
}

function definitions(
  context: ApiContext,
  request: ApiRequest,
  segments: readonly Segment[],
): ApiResponse {
  const [first, second, ...rest] = segments;
  if (second === undefined && request.method !== 'GET') {
    return writeTable(context, request, first?.key);
  }
  const options = readQueryOptions(request.query);
  if (first?.key === undefined) {
    return listTables(context, options);
  }
  const table = tableKeyed(context, first.key);
  if (second === undefined) {
    const about = `${context.baseUrl}$metadata#EntityDefinitions/$entity`;
    return jsonResponse(200, { '@odata.context': about, ...viewTable(context, table, options) });
  }
  const collection = collectionNamed(second.name);
  if (collection === undefined) {
    throw resourceMissing(second.name);
  }
  requireMetadataWrite(context, request, collection);
  if (collection === 'Keys' && request.method === 'POST') {
    return declareKey(context, table, request);
  }
  if (collection === 'Keys' && request.method === 'DELETE') {
    return withdrawKey(context, table, second);
  }
  if (collection === 'Attributes' && request.method !== 'GET') {
    return writeAttribute(context, request, { table, segment: second });
  }
  if (request.method !== 'GET') {
    throw methodNotAllowed(request.method);
  }
  return viewCollection(context, options, { table, collection, segment: second, rest });
}

function serviceDocument(context: ApiContext): ApiResponse {
  const value = [...context.model.tables.values()].map(({ entitySet }) => ({
    name: entitySet,
    kind: 'EntitySet',
    url: entitySet,
  }));
  return jsonResponse(200, { '@odata.context': `${context.baseUrl}$metadata`, value });
}

/** Answers the service document, `$metadata`, definitions and the actions about them; undefined for other paths. */
export function metadataResponse(
  context: ApiContext,
  request: ApiRequest,
  segments: readonly Segment[],
): ApiResponse | undefined {
  if (segments[0] === undefined) {
    return serviceDocument(context);
  }
  switch (segments[0].name) {
    case '$metadata':
      return {
        status: 200,
        headers: { 'Content-Type': 'application/xml' },
        body: metadataDocument(context.model),
      };
    case 'EntityDefinitions':
      return definitions(context, request, segments);
    case 'RelationshipDefinitions':
      requireMetadataWrite(context, request, 'RelationshipDefinitions');
      return relationshipDefinitions(context, request, segments);
    case 'GlobalOptionSetDefinitions':
      requireMetadataWrite(context, request, 'GlobalOptionSetDefinitions');
      return globalChoices(context, request, segments[0]);
    default:
      return metadataAction(context, request, segments[0].name);
  }
}
