import { hash } from 'node:crypto';
import type { DigestSettings, VersionEntry } from './contract.ts';
import { instantOf } from './instant.ts';

/**
 * What one entry adds to its bucket: SHA-256 of one line of text, as 8 words, the highest
 * first. The line names everything that has to be equal (docs/certificate.md).
 */
export function entryHash(settings: DigestSettings, entry: VersionEntry, into: Uint32Array): void {
  const { resourceType, id, contentHash } = entry;
  const state = entry.deleted ? 'deleted' : 'live';
  const version = settings.countVersions
    ? `${entry.versionId ?? ''} ${instantOf(entry) ?? ''}`
    : ' ';
  const line = `${settings.salt} ${resourceType}/${id} ${version} ${state} ${contentHash}`;
  const bytes = hash('sha256', line, 'binary');
  for (let index = 0; index < 8; index += 1) {
    const at = index * 4;
    into[index] =
      (bytes.charCodeAt(at) << 24) |
      (bytes.charCodeAt(at + 1) << 16) |
      (bytes.charCodeAt(at + 2) << 8) |
      bytes.charCodeAt(at + 3);
  }
}

/**
 * The bucket of a resource among `buckets` (a power of two): the highest bits of its place,
 * which is FNV-1a over `Type/id` with the last mixing step of MurmurHash3.
 */
export function bucketOf(resourceType: string, id: string, buckets: number): number {
  let place = fnv(0x811c9dc5, resourceType);
  place = Math.imul(place ^ 0x2f, 0x01000193);
  place = fnv(place, id);
  place = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  place = Math.imul(place ^ (place >>> 13), 0xc2b2ae35);
  place ^= place >>> 16;
  return buckets === 1 ? 0 : (place >>> 0) >>> (32 - Math.log2(buckets));
}

function fnv(start: number, text: string): number {
  let place = start;
  for (let at = 0; at < text.length; at += 1) {
    place = Math.imul(place ^ text.charCodeAt(at), 0x01000193);
  }
  return place;
}
