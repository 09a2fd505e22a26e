import { createHash } from 'node:crypto';

/** Namespace of this product's row ids (RFC 9562 section 5.5). Changing it would orphan every row. */
const namespace = Buffer.from('6f0c1c0e5b5d4f0a9f0a3d1a7c2e4b90', 'hex');

/**
 * The id that this product gives to the row of something it knows by name: a UUID version 5 over
 * the parts, so that two workers, or two attempts, create the same row and the second one learns
 * it. `['a', 'bc']` and `['ab', 'c']` give different ids.
 */
export function rowIdFor(...parts: readonly string[]): string {
  const digest = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
