import { createHash } from 'node:crypto';
import { keyPart, type RecordKey } from './state-table.ts';

/** Partitions per resource type: few enough for transactions of some size, enough to spread load. */
const shards = 8;

/**
 * The key of a record about one resource. Resources of a type share some
 * partitions, so that the records of a change set can be written in few
 * transactions; the row begins with the id, so that all records of a resource
 * are one range.
 */
export function resourceKey(
  { resourceType, id }: { readonly resourceType: string; readonly id: string },
  row: string,
): RecordKey {
  const shard = (createHash('sha256').update(id).digest()[0] ?? 0) % shards;
  return { partition: keyPart(`${resourceType}!${shard}`), row: `${keyPart(id)}!${keyPart(row)}` };
}
