import { createHash } from 'node:crypto';
import { leafBytes, writeLeaves } from './bucket-leaf.ts';
import { type BucketRow, foldRow } from './bucket-row.ts';
import type { Digest, DigestRoots, TypeRoots } from './contract.ts';
import { rowsOf } from './digest.ts';

/** First byte of what is hashed, so that no leaf can pass for a node, nor a node for a root. */
const domain = { leaf: 0, node: 1, window: 2, type: 3, whole: 4 } as const;

/** Leaves hold this many entries each, until there are so many leaves. */
const entriesPerLeaf = 64;
const maxLeafDepth = 8;

/** Two to this power leaves are right for so many entries in so many buckets. */
export function leafDepth(entries: number, buckets: number): number {
  const wanted = Math.ceil(Math.log2(Math.max(1, entries / entriesPerLeaf)));
  return Math.min(wanted, maxLeafDepth, Math.log2(buckets));
}

function sha256(first: number, ...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256').update(Uint8Array.of(first));
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Merkle root of one type and window from its leaves, a power of two of them. */
export function windowRoot(row: BucketRow): string {
  const leaves = writeLeaves(row);
  let level = row.counts.length === 0 ? [] : leafHashes(leaves);
  const depth = Math.log2(level.length);
  while (level.length > 1) {
    level = level.flatMap((left, index) =>
      index % 2 === 0 ? [sha256(domain.node, left, level[index + 1] ?? left)] : [],
    );
  }
  return sha256(domain.window, Uint8Array.of(depth), level[0] ?? Buffer.alloc(0)).toString('hex');
}

function leafHashes(leaves: Buffer): Buffer[] {
  return Array.from({ length: leaves.length / leafBytes }, (_none, index) =>
    sha256(domain.leaf, leaves.subarray(index * leafBytes, (index + 1) * leafBytes)),
  );
}

/** Root of a type from those of its windows that hold something, ascending. */
export function typeRoot(type: string, windows: TypeRoots['windows']): string {
  const parts = windows.map(({ window, count, root }) => {
    const head = Buffer.alloc(12);
    head.writeUInt32BE(window);
    head.writeBigUInt64BE(BigInt(count), 4);
    return Buffer.concat([head, Buffer.from(root, 'hex')]);
  });
  return sha256(domain.type, Buffer.from(`${type}\n`), ...parts).toString('hex');
}

/** Root of everything from the roots of the types that hold something, in order of their names. */
export function wholeRoot(
  types: readonly { readonly type: string; readonly root: string }[],
): string {
  const sorted = [...types].sort((left, right) => (left.type < right.type ? -1 : 1));
  return sha256(domain.whole, ...sorted.map(({ root }) => Buffer.from(root, 'hex'))).toString(
    'hex',
  );
}

/**
 * Roots per type and window, per type, and of the whole. The tree of a window is as deep as its
 * entries ask for: for roots that can be held against those of another digest when counts differ,
 * name that one as `like`.
 */
export function digestRoots(
  digest: Digest,
  { like = digest }: { like?: Digest } = {},
): DigestRoots {
  const { rows, types, settings } = rowsOf(digest);
  const typed = types.flatMap((type): TypeRoots[] => {
    const windows = (rows.get(type) ?? []).flatMap((row, window) => {
      if (row === undefined || row.count === 0) return [];
      const depth = leafDepth(like.countOf(type, window), settings.buckets);
      return [{ window, count: row.count, root: windowRoot(foldRow(row, 2 ** depth)) }];
    });
    const count = digest.countOf(type);
    return count === 0 ? [] : [{ type, count, root: typeRoot(type, windows), windows }];
  });
  return { root: wholeRoot(typed), types: typed };
}
