import { type BucketRow, emptyRow, sameBucket } from './bucket-row.ts';
import type { DifferingBucket, Digest, DigestComparison, DrillDownPass } from './contract.ts';
import { type BucketDigest, rowsOf } from './digest.ts';
import { demandSameSettings } from './digest-settings.ts';

/**
 * Where two digests are not the same.
 * @param expected the source's, less what was quarantined
 * @throws AppError INPUT_INVALID when their settings differ
 */
export function compareDigests(expected: Digest, target: Digest): DigestComparison {
  demandSameSettings(expected.settings, target.settings);
  const buckets = typesOf(expected, target).flatMap((type) =>
    differingBuckets(rowsOf(expected), rowsOf(target), type),
  );
  return buckets.length === 0
    ? { kind: 'equal', count: expected.count }
    : { kind: 'different', buckets };
}

const typesOf = (...digests: readonly Digest[]): readonly string[] =>
  [...new Set(digests.flatMap(({ types }) => types))].sort();

function differingBuckets(
  expected: BucketDigest,
  target: BucketDigest,
  type: string,
): readonly DifferingBucket[] {
  const empty = emptyRow(expected.settings.buckets);
  const rows = (digest: BucketDigest): readonly (BucketRow | undefined)[] =>
    digest.rows.get(type) ?? [];
  const windows = Math.max(rows(expected).length, rows(target).length);
  const found: DifferingBucket[] = [];
  for (let window = 0; window < windows; window += 1) {
    const left = rows(expected)[window] ?? empty;
    const right = rows(target)[window] ?? empty;
    for (let bucket = 0; bucket < left.counts.length; bucket += 1) {
      if (sameBucket(left, right, bucket)) continue;
      const counts = {
        sourceCount: left.counts[bucket] ?? 0,
        targetCount: right.counts[bucket] ?? 0,
      };
      found.push({ type, window, bucket, ...counts });
    }
  }
  return found;
}

/**
 * What to read again to name each difference, in as few passes as hold at most `maxEntries`
 * entries of both sides together (about 400 bytes each; default 200,000). One bucket is never
 * divided: where it holds more, its pass does. Quarantined entries come on top.
 */
export function planDrillDown(
  expected: Digest,
  target: Digest,
  { maxEntries = 200_000 }: { readonly maxEntries?: number } = {},
): readonly DrillDownPass[] {
  const comparison = compareDigests(expected, target);
  if (comparison.kind === 'equal') return [];
  const { settings } = expected;
  const passes: DrillDownPass[] = [];
  let open: { type: string; bucket: number }[] = [];
  let entries = 0;
  for (const bucket of distinct(comparison.buckets)) {
    const more = countOf(rowsOf(expected), bucket) + countOf(rowsOf(target), bucket);
    if (open.length > 0 && entries + more > maxEntries) {
      passes.push({ settings, buckets: open, entries });
      open = [];
      entries = 0;
    }
    open.push(bucket);
    entries += more;
  }
  return [...passes, { settings, buckets: open, entries }];
}

interface TypeBucket {
  readonly type: string;
  readonly bucket: number;
}

function distinct(buckets: readonly DifferingBucket[]): readonly TypeBucket[] {
  const byName = new Map<string, TypeBucket>();
  for (const { type, bucket } of buckets) byName.set(`${type} ${bucket}`, { type, bucket });
  return [...byName.values()];
}

/** Entries of a bucket in all windows. */
function countOf({ rows }: BucketDigest, { type, bucket }: TypeBucket): number {
  return (rows.get(type) ?? []).reduce((sum, row) => sum + (row?.counts[bucket] ?? 0), 0);
}
