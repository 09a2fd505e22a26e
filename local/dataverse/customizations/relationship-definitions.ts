import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from '../api-message.ts';
import type { Intersection } from '../associations.ts';
import type { MetadataObject } from '../attribute-metadata.ts';
import type { Model } from '../model.ts';
import { filterObjects, selectMembers } from '../object-query.ts';
import { methodNotAllowed, resourceMissing } from '../protocol-error.ts';
import { readQueryOptions } from '../query-options.ts';
import type { KeyPart, Segment } from '../resource-path.ts';
import { manyToOne } from '../table-metadata.ts';
import {
  createRelationship,
  intersectionId,
  removeManyToMany,
  removeOneToMany,
} from './write-relationships.ts';

const prefix = '#Microsoft.Dynamics.CRM.';

export function manyToMany({ name, table, sides }: Intersection): MetadataObject {
  return {
    '@odata.type': `${prefix}ManyToManyRelationshipMetadata`,
    MetadataId: intersectionId(name),
    SchemaName: name,
    RelationshipType: 'ManyToManyRelationship',
    Entity1LogicalName: sides[0],
    Entity1IntersectAttribute: `${sides[0]}id`,
    Entity1NavigationPropertyName: name,
    Entity2LogicalName: sides[1],
    Entity2IntersectAttribute: `${sides[1]}id`,
    Entity2NavigationPropertyName: name,
    IntersectEntityName: table,
    IsCustomRelationship: true,
  };
}

function all(model: Model): readonly MetadataObject[] {
  const type = `${prefix}OneToManyRelationshipMetadata`;
  const ones = [...model.tables.values()].flatMap((table) =>
    manyToOne(model, table).map((one) => ({ '@odata.type': type, ...one })),
  );
  return [...ones, ...model.intersections.map(manyToMany)];
}

function relationshipAt(model: Model, key: KeyPart): MetadataObject {
  const found = all(model).find((one) =>
    key.kind === 'id'
      ? one['MetadataId'] === key.id
      : [...key.members].every(
          ([name, literal]) => literal.kind === 'text' && one[name] === literal.value,
        ),
  );
  if (found === undefined) {
    throw resourceMissing('RelationshipDefinitions');
  }
  return found;
}

function read(
  context: ApiContext,
  request: ApiRequest,
  [first, cast]: readonly Segment[],
): ApiResponse {
  const options = readQueryOptions(request.query);
  const about = `${context.baseUrl}$metadata#RelationshipDefinitions`;
  const key = first?.key;
  if (key !== undefined) {
    const found = selectMembers(relationshipAt(context.model, key), options);
    return jsonResponse(200, { '@odata.context': `${about}/$entity`, ...found });
  }
  const typed = all(context.model).filter(
    (one) => cast === undefined || one['@odata.type'] === `#${cast.name}`,
  );
  const value = filterObjects(typed, options).map((one) => selectMembers(one, options));
  return jsonResponse(200, { '@odata.context': about, value });
}

function remove(context: ApiContext, key: KeyPart): ApiResponse {
  const { model } = context;
  const found = relationshipAt(model, key);
  if (found['RelationshipType'] === 'ManyToManyRelationship') {
    removeManyToMany(context, String(found['SchemaName']));
    return emptyResponse(204);
  }
  const table = model.tables.get(String(found['ReferencingEntity']));
  const column = table?.columns.get(String(found['ReferencingAttribute']));
  if (table === undefined || column === undefined) {
    throw resourceMissing('RelationshipDefinitions');
  }
  removeOneToMany(context, { table, column, target: String(found['ReferencedEntity']) });
  return emptyResponse(204);
}

/** `RelationshipDefinitions`: read, create and delete. */
export function relationshipDefinitions(
  context: ApiContext,
  request: ApiRequest,
  segments: readonly Segment[],
): ApiResponse {
  const key = segments[0]?.key;
  if (request.method === 'GET') {
    return read(context, request, segments);
  }
  if (request.method === 'POST' && key === undefined) {
    return createRelationship(context, request);
  }
  if (request.method === 'DELETE' && key !== undefined) {
    return remove(context, key);
  }
  throw methodNotAllowed(request.method);
}
