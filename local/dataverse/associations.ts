import type { ApiContext } from './api-context.ts';
import { type ApiRequest, emptyResponse } from './api-message.ts';
import type { Table } from './model.ts';
import { readBody, resolveReference } from './payload.ts';
import { badQuery, resourceMissing } from './protocol-error.ts';
import { type KeyPart, readReference } from './resource-path.ts';
import type { Row } from './row.ts';
import { addressMissing, addressOf, findRow, tableOf } from './row-address.ts';
import { createRow, deleteRow, updateRow } from './row-writer.ts';
import { rowsWith } from './security/principal.ts';
import type { WriteResult } from './write-rows.ts';

/** A many-to-many relationship: the table between and the two tables it joins. */
export interface Intersection {
  readonly name: string;
  readonly table: string;
  readonly sides: readonly [string, string];
}

/** The navigation property has the same name on both sides. */
export const intersections: readonly Intersection[] = [
  {
    name: 'systemuserroles_association',
    table: 'systemuserroles',
    sides: ['systemuser', 'role'],
  },
  { name: 'teamroles_association', table: 'teamroles', sides: ['team', 'role'] },
  {
    name: 'teammembership_association',
    table: 'teammembership',
    sides: ['team', 'systemuser'],
  },
];

interface Place {
  readonly table: Table;
  readonly key: KeyPart;
  readonly member: string;
  /** The key in `../collection(id)/$ref`. */
  readonly memberKey: KeyPart | undefined;
}

function referenceOf(request: ApiRequest): string {
  if (request.method === 'POST') {
    const reference = readBody(request.body)['@odata.id'];
    if (typeof reference !== 'string') {
      throw badQuery("The body of a reference needs the member '@odata.id'.");
    }
    return reference;
  }
  const fromQuery = /(?:^|&)(?:\$|%24)id=([^&]+)/.exec(request.query)?.[1];
  if (fromQuery !== undefined) {
    return decodeURIComponent(fromQuery);
  }
  throw badQuery('The row to take out is named by its key or by $id.');
}

function requireRow(context: ApiContext, place: Pick<Place, 'table' | 'key'>): Row {
  const address = addressOf(place.table, place.key, context.now);
  const row = findRow(context.store, address);
  if (row === undefined) {
    throw addressMissing(address);
  }
  return row;
}

/** Joins or parts two rows of a many-to-many relationship; both are harmless when done twice. */
function intersect(context: ApiContext, request: ApiRequest, place: Place): WriteResult {
  const relation = [...intersections, ...context.model.intersections].find(
    ({ name, sides }) => name === place.member && sides.includes(place.table.name),
  );
  const between = relation && context.model.tables.get(relation.table);
  if (relation === undefined || between === undefined) {
    throw resourceMissing(place.member);
  }
  const { table } = place;
  const row = requireRow(context, place);
  const otherName = relation.sides[0] === table.name ? relation.sides[1] : relation.sides[0];
  const other = context.model.tables.get(otherName);
  if (other === undefined) {
    throw resourceMissing(place.member);
  }
  const otherId =
    place.memberKey === undefined
      ? resolveReference(referenceOf(request), { ...context, isCreate: false }).id
      : requireRow(context, { table: other, key: place.memberKey }).id;
  const column = (name: string): string => `${name}id`;
  const found = rowsWith(context, { table: between.name, column: column(table.name) }, row.id).find(
    ({ values }) => values[column(otherName)] === otherId,
  );
  if (request.method === 'POST' && found === undefined) {
    const values = new Map([
      [column(table.name), row.id],
      [column(otherName), otherId],
    ]);
    createRow(context, between, { values, columns: [...values.keys()] });
  }
  if (request.method === 'DELETE' && found !== undefined) {
    deleteRow(context, between, found);
  }
  return { response: emptyResponse(204), reference: undefined };
}

/**
 * `POST accounts(..)/collection/$ref` and `DELETE accounts(..)/collection(..)/$ref`
 * (or `?$id=`): sets or clears the lookup behind a collection, or joins and parts
 * rows of a many-to-many relationship.
 */
export function writeAssociation(
  context: ApiContext,
  request: ApiRequest,
  place: Place,
): WriteResult {
  const incoming = context.model.incoming
    .get(place.table.name)
    ?.find((one) => one.collection === place.member);
  if (incoming === undefined) {
    return intersect(context, request, place);
  }
  const { table, column } = incoming;
  const row = requireRow(context, place);
  const key = place.memberKey ?? childKey(context, table, referenceOf(request));
  const child = requireRow(context, { table, key });
  const isJoining = request.method === 'POST';
  if (!isJoining && child.values[column.name] !== row.id) {
    return { response: emptyResponse(204), reference: undefined };
  }
  const target = column.targets.length > 1 ? place.table.name : null;
  const values = new Map([
    [column.name, isJoining ? row.id : null],
    [`${column.name}@t`, isJoining ? target : null],
  ]);
  updateRow(context, table, child, { values, columns: [column.name] });
  return { response: emptyResponse(204), reference: undefined };
}

function childKey(context: ApiContext, table: Table, reference: string): KeyPart {
  const segment = readReference(reference);
  if (segment.key === undefined || tableOf(context.model, segment) !== table) {
    throw badQuery(`The reference names no row of ${table.entitySet}.`);
  }
  return segment.key;
}

/** True for the `$ref` of a collection-valued navigation property. */
export function isAssociation(context: ApiContext, table: Table, member: string): boolean {
  const isCollection = context.model.incoming
    .get(table.name)
    ?.some((one) => one.collection === member);
  return (
    isCollection === true ||
    [...intersections, ...context.model.intersections].some(
      ({ name, sides }) => name === member && sides.includes(table.name),
    )
  );
}
