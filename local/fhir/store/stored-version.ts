import { resourceTypes } from '../definitions.ts';
import type { JsonObject } from '../json.ts';
import { lastUpdatedOf } from './clock.ts';

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One version of one resource as the database holds it. */
export interface StoredVersion {
  readonly seq: number;
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
    seq: Number(row['seq']),
    type: resourceTypes[Number(row['type'])] ?? '',
    id: String(row['id']),
    version: Number(row['version']),
    method: writeMethod(row['method']),
    body: String(row['body']),
  };
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

/** The resource text with the id and the meta elements that the server sets, in a fixed order. */
export function versionBody(
  resource: JsonObject,
  place: {
    readonly type: string;
    readonly id: string;
    readonly version: number;
    readonly seq: number;
  },
): string {
  const { resourceType: _type, id: _id, meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _updated, ...kept } = Object(meta ?? {});
  return JSON.stringify({
    resourceType: place.type,
    id: place.id,
    meta: { versionId: String(place.version), lastUpdated: lastUpdatedOf(place.seq), ...kept },
    ...rest,
  });
}
