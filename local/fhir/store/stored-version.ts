import { resourceTypes } from '../definitions.ts';
import { isObject, type JsonObject } from '../json.ts';
import { lastUpdatedOf } from './clock.ts';

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One version of one resource as the database holds it. */
export interface StoredVersion {
  readonly seq: bigint;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly method: WriteMethod;
  /** JSON text of the resource with its server-set meta; of a tombstone only type, id and meta. */
  readonly body: string;
}

export const versionColumns = 'seq, type, id, version, method, body';

/** Reads a row of `versionColumns`. */
export function storedVersion(row: Record<string, unknown>): StoredVersion {
  return {
    seq: rowNumber(row['seq']),
    type: resourceTypes[Number(row['type'])] ?? '',
    id: String(row['id']),
    version: Number(row['version']),
    method: writeMethod(row['method']),
    body: String(row['body']),
  };
}

/** A row number as a database with `readBigInts` gives it. */
export function rowNumber(value: unknown): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

function writeMethod(value: unknown): WriteMethod {
  return value === 'POST' || value === 'PATCH' || value === 'DELETE' ? value : 'PUT';
}

export function isDeleted(version: StoredVersion): boolean {
  return version.method === 'DELETE';
}

export function etagOf(version: StoredVersion): string {
  return `W/"${version.version}"`;
}

interface VersionPlace {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly seq: bigint;
}

/** True for what an export wrote: it needs no copy to get its elements into their order. */
function isInPlace(resource: JsonObject, place: VersionPlace): boolean {
  const meta = resource['meta'];
  return (
    isObject(meta) &&
    resource['resourceType'] === place.type &&
    resource['id'] === place.id &&
    meta['versionId'] === String(place.version) &&
    meta['lastUpdated'] === lastUpdatedOf(place.seq) &&
    startsWith(resource, ['resourceType', 'id', 'meta']) &&
    startsWith(meta, ['versionId', 'lastUpdated'])
  );
}

function startsWith(object: JsonObject, names: readonly string[]): boolean {
  let index = 0;
  for (const name in object) {
    if (index === names.length) break;
    if (name !== names[index]) return false;
    index += 1;
  }
  return index === names.length;
}

/** The resource text with the id and the meta elements that the server sets, in a fixed order. */
export function versionBody(resource: JsonObject, place: VersionPlace): string {
  if (isInPlace(resource, place)) return JSON.stringify(resource);
  const { versionId: _version, lastUpdated: _updated, ...kept } = Object(resource['meta'] ?? {});
  const lead = {
    resourceType: place.type,
    id: place.id,
    meta: { versionId: String(place.version), lastUpdated: lastUpdatedOf(place.seq), ...kept },
  };
  return `${JSON.stringify(lead).slice(0, -1)}${textAfterLead(resource)}`;
}

/** The text of a resource behind its resourceType, id and meta, with the comma before and the brace behind. */
function textAfterLead(resource: JsonObject): string {
  const { resourceType, id, meta } = resource;
  const lead = meta === undefined ? { resourceType, id } : { resourceType, id, meta };
  // As a rule they come first, and cutting them off is cheaper than a copy without them.
  if (id !== undefined && startsWith(resource, Object.keys(lead))) {
    return JSON.stringify(resource).slice(JSON.stringify(lead).length - 1);
  }
  const { resourceType: _type, id: _id, meta: _meta, ...rest } = resource;
  const text = JSON.stringify(rest);
  return text === '{}' ? '}' : `,${text.slice(1)}`;
}
