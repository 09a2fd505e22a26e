import { namedGuid } from '../key-index.ts';
import type { Table } from '../model.ts';
import type { JsonObject } from '../payload.ts';
import type { KeyPart } from '../resource-path.ts';
import type { Row } from '../row.ts';
import { partitionColumn } from './elastic-columns.ts';

/** An id and the partition it is unique in; a row is in the partition of its own id by default. */
export interface ElasticPlace {
  readonly id: string;
  readonly partitionId: string;
}

/** The id under which the store keeps the row: ids of other partitions may be the same. */
export function storedId({ id, partitionId }: ElasticPlace): string {
  return partitionId === id ? id : namedGuid(`elastic ${id} ${partitionId}`);
}

/** The row's id as callers know it. */
export function publicId(table: Table, row: Pick<Row, 'id' | 'values'>): string {
  return table.type === 'Elastic' ? String(row.values[table.primaryId] ?? row.id) : row.id;
}

/** The place a key of a URL names; undefined: it is not the key of an elastic row. */
export function keyPlace(table: Table, key: KeyPart): ElasticPlace | undefined {
  if (key.kind === 'id') {
    return { id: key.id, partitionId: key.id };
  }
  const id = key.members.get(table.primaryId);
  const partition = key.members.get(partitionColumn);
  if (id?.kind !== 'guid' || key.members.size > (partition === undefined ? 1 : 2)) {
    return undefined;
  }
  return { id: id.value, partitionId: partition?.kind === 'text' ? partition.value : id.value };
}

/** The place of a row that a body describes, unless the URL names the partition itself. */
export function bodyPlace(place: ElasticPlace, body: JsonObject): ElasticPlace {
  const given = body[partitionColumn];
  const isDefault = place.partitionId === place.id;
  return isDefault && typeof given === 'string' ? { id: place.id, partitionId: given } : place;
}

function partitionOf(query: string): string | undefined {
  return new URLSearchParams(query).get('partitionId') ?? undefined;
}

/** Facts A11: `?partitionId=` counts for GET and DELETE only; elsewhere it says nothing. */
export function keyWithPartition(
  table: Table,
  key: KeyPart,
  { method, query }: { readonly method: string; readonly query: string },
): KeyPart {
  const partitionId = method === 'GET' || method === 'DELETE' ? partitionOf(query) : undefined;
  const place = partitionId === undefined ? undefined : keyPlace(table, key);
  return place === undefined || partitionId === undefined
    ? key
    : { kind: 'id', id: storedId({ id: place.id, partitionId }) };
}
