/**
 * The buckets of one type and window. Each holds how many entries it got and the sum of
 * their hashes as 256-bit numbers, modulo 2^256: a sum forgets the order, and of two sums
 * the sum is the sum of both sets, which makes digests mergeable.
 */
export interface BucketRow {
  readonly counts: Float64Array;
  /** Eight words per bucket, the highest first. */
  readonly sums: Uint32Array;
  count: number;
  /** How many of them are tombstones. */
  deleted: number;
}

export const wordsPerSum = 8;

export function emptyRow(buckets: number): BucketRow {
  return {
    counts: new Float64Array(buckets),
    sums: new Uint32Array(buckets * wordsPerSum),
    count: 0,
    deleted: 0,
  };
}

/** Adds a 256-bit number of `words`, from `from` on, to the sum of a bucket. */
export function addSum(row: BucketRow, bucket: number, words: Uint32Array, from = 0): void {
  const base = bucket * wordsPerSum;
  let carry = 0;
  for (let index = wordsPerSum - 1; index >= 0; index -= 1) {
    const sum = (row.sums[base + index] ?? 0) + (words[from + index] ?? 0) + carry;
    row.sums[base + index] = sum;
    carry = sum > 0xffffffff ? 1 : 0;
  }
}

export function addRow(into: BucketRow, row: BucketRow): void {
  into.count += row.count;
  into.deleted += row.deleted;
  for (let bucket = 0; bucket < row.counts.length; bucket += 1) {
    const count = row.counts[bucket] ?? 0;
    if (count === 0) continue;
    into.counts[bucket] = (into.counts[bucket] ?? 0) + count;
    addSum(into, bucket, row.sums, bucket * wordsPerSum);
  }
}

/** False when `row` cannot be a part of `from`; `from` is then half done. */
export function takeRow(from: BucketRow, row: BucketRow): boolean {
  from.count -= row.count;
  from.deleted -= row.deleted;
  for (let bucket = 0; bucket < row.counts.length; bucket += 1) {
    const left = (from.counts[bucket] ?? 0) - (row.counts[bucket] ?? 0);
    if (left < 0) return false;
    from.counts[bucket] = left;
    takeSum(from, row, bucket);
  }
  return from.deleted >= 0;
}

function takeSum(from: BucketRow, row: BucketRow, bucket: number): void {
  const base = bucket * wordsPerSum;
  let borrow = 0;
  for (let index = wordsPerSum - 1; index >= 0; index -= 1) {
    const rest = (from.sums[base + index] ?? 0) - (row.sums[base + index] ?? 0) - borrow;
    from.sums[base + index] = rest;
    borrow = rest < 0 ? 1 : 0;
  }
}

export function sameBucket(left: BucketRow, right: BucketRow, bucket: number): boolean {
  if (left.counts[bucket] !== right.counts[bucket]) return false;
  const base = bucket * wordsPerSum;
  for (let at = base; at < base + wordsPerSum; at += 1) {
    if (left.sums[at] !== right.sums[at]) return false;
  }
  return true;
}

/** The same row in fewer buckets: neighbours are added up, which keeps the order of places. */
export function foldRow(row: BucketRow, buckets: number): BucketRow {
  const folded = emptyRow(buckets);
  folded.count = row.count;
  folded.deleted = row.deleted;
  const share = row.counts.length / buckets;
  for (let bucket = 0; bucket < row.counts.length; bucket += 1) {
    const into = Math.floor(bucket / share);
    folded.counts[into] = (folded.counts[into] ?? 0) + (row.counts[bucket] ?? 0);
    addSum(folded, into, row.sums, bucket * wordsPerSum);
  }
  return folded;
}
