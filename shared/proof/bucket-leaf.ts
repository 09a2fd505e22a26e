import { type BucketRow, emptyRow, wordsPerSum } from './bucket-row.ts';

/** A leaf: 8 bytes of count and 32 of sum, both big-endian. */
export const leafBytes = 40;

export function writeLeaf(row: BucketRow, bucket: number): Buffer {
  const leaf = Buffer.alloc(leafBytes);
  leaf.writeBigUInt64BE(BigInt(row.counts[bucket] ?? 0));
  for (let index = 0; index < wordsPerSum; index += 1) {
    leaf.writeUInt32BE(row.sums[bucket * wordsPerSum + index] ?? 0, 8 + index * 4);
  }
  return leaf;
}

/** @throws RangeError when the leaf is cut short */
export function readLeaf(row: BucketRow, bucket: number, leaf: Buffer): void {
  row.counts[bucket] = Number(leaf.readBigUInt64BE());
  for (let index = 0; index < wordsPerSum; index += 1) {
    row.sums[bucket * wordsPerSum + index] = leaf.readUInt32BE(8 + index * 4);
  }
}

/** All leaves of a row, one after another. */
export function writeLeaves(row: BucketRow): Buffer {
  return Buffer.concat(Array.from(row.counts, (_count, bucket) => writeLeaf(row, bucket)));
}

/** The row of `leaves` leaves; undefined when the bytes are of another length. */
export function readLeaves(bytes: Buffer, leaves: number): BucketRow | undefined {
  if (bytes.length !== leaves * leafBytes) return undefined;
  const row = emptyRow(leaves);
  for (let bucket = 0; bucket < leaves; bucket += 1) {
    readLeaf(row, bucket, bytes.subarray(bucket * leafBytes, (bucket + 1) * leafBytes));
    row.count += row.counts[bucket] ?? 0;
  }
  return row;
}
