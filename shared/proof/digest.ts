import { AppError } from '../errors.ts';
import { addRow, addSum, type BucketRow, emptyRow, takeRow } from './bucket-row.ts';
import type { Digest, DigestSettings, VersionEntry } from './contract.ts';
import { demandSameSettings, digestSettings } from './digest-settings.ts';
import { bucketOf, entryHash } from './entry-hash.ts';
import { instantOf, parseInstant } from './instant.ts';

/** A digest as this module holds it: rows of buckets by type and window. */
export class BucketDigest implements Digest {
  readonly settings: DigestSettings;
  /** By type, then by window; a window without entries has no row. */
  readonly rows = new Map<string, (BucketRow | undefined)[]>();
  readonly #boundaries: readonly number[];
  readonly #words = new Uint32Array(8);

  constructor(settings: DigestSettings) {
    this.settings = settings;
    this.#boundaries = settings.boundaries.map((text) => parseInstant(text) ?? 0);
  }

  get types(): readonly string[] {
    return [...this.rows.keys()].sort();
  }

  get count(): number {
    return this.types.reduce((sum, type) => sum + this.countOf(type), 0);
  }

  add(entry: VersionEntry): void {
    entryHash(this.settings, entry, this.#words);
    const row = this.row(entry.resourceType, this.windowOf(entry));
    const bucket = bucketOf(entry.resourceType, entry.id, this.settings.buckets);
    row.counts[bucket] = (row.counts[bucket] ?? 0) + 1;
    row.count += 1;
    if (entry.deleted) row.deleted += 1;
    addSum(row, bucket, this.#words);
  }

  deleted(type?: string): number {
    const types = type === undefined ? this.types : [type];
    return sumOf(types.flatMap((one) => this.rowsOf(one).map((row) => row.deleted)));
  }

  countOf(type: string, window?: number): number {
    if (window !== undefined) return this.rows.get(type)?.[window]?.count ?? 0;
    return sumOf(this.rowsOf(type).map((row) => row.count));
  }

  windowOf(entry: VersionEntry): number {
    if (this.#boundaries.length === 0) return 0;
    const at = instantOf(entry) ?? Number.NEGATIVE_INFINITY;
    let low = 0;
    let high = this.#boundaries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#boundaries[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row of a type and window, made when there is none. */
  row(type: string, window: number): BucketRow {
    let windows = this.rows.get(type);
    if (windows === undefined) {
      windows = [];
      this.rows.set(type, windows);
    }
    let row = windows[window];
    if (row === undefined) {
      row = emptyRow(this.settings.buckets);
      windows[window] = row;
    }
    return row;
  }

  private rowsOf(type: string): readonly BucketRow[] {
    return (this.rows.get(type) ?? []).filter((row) => row !== undefined);
  }
}

const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0);

/**
 * An empty digest. Memory: 40 bytes per bucket of every type and window that holds something.
 * @throws AppError CONFIG_INVALID
 */
export function createDigest(settings: Partial<DigestSettings> = {}): Digest {
  return new BucketDigest(digestSettings(settings));
}

/** The digest as rows; every digest comes from this module. */
export function rowsOf(digest: Digest): BucketDigest {
  if (digest instanceof BucketDigest) return digest;
  throw new AppError('INTERNAL', 'a digest that createDigest did not make');
}

/**
 * The digest of all entries of the parts, in whatever order.
 * @throws AppError INPUT_INVALID without parts, or when their settings differ
 */
export function mergeDigests(parts: readonly Digest[]): Digest {
  const [first] = parts;
  if (first === undefined) throw new AppError('INPUT_INVALID', 'no digest to merge');
  const merged = new BucketDigest(first.settings);
  for (const part of parts) {
    demandSameSettings(first.settings, part.settings);
    addInto(merged, rowsOf(part), (window) => window);
  }
  return merged;
}

/**
 * Digests of one window each, in order of time, as one digest of all windows. Each keeps what
 * it was given: whoever fed it answers for lastUpdated being inside its window.
 * @throws AppError INPUT_INVALID when the parts and the boundaries do not fit
 */
export function joinWindows(parts: readonly Digest[], boundaries: readonly string[]): Digest {
  const [first] = parts;
  if (first === undefined || parts.length !== boundaries.length + 1) {
    throw new AppError('INPUT_INVALID', 'between every two windows stands one boundary');
  }
  const joined = new BucketDigest(digestSettings({ ...first.settings, boundaries }));
  for (const [index, part] of parts.entries()) {
    demandSameSettings({ ...first.settings, boundaries: [] }, part.settings);
    addInto(joined, rowsOf(part), () => index);
  }
  return joined;
}

/**
 * The digest of the entries of `whole` that are not in `part`.
 * @throws AppError INPUT_INVALID when `part` is no part of it, as far as counts tell
 */
export function subtractDigest(whole: Digest, part: Digest): Digest {
  const rest = rowsOf(mergeDigests([whole]));
  demandSameSettings(whole.settings, part.settings);
  for (const [type, windows] of rowsOf(part).rows) {
    for (const [window, row] of windows.entries()) {
      if (row === undefined || takeRow(rest.row(type, window), row)) continue;
      throw new AppError('INPUT_INVALID', 'the digest to take away is no part of the whole', {
        details: { resourceType: type, window },
      });
    }
  }
  return rest;
}

function addInto(
  into: BucketDigest,
  part: BucketDigest,
  windowOf: (window: number) => number,
): void {
  for (const [type, windows] of part.rows) {
    for (const [window, row] of windows.entries()) {
      if (row !== undefined) addRow(into.row(type, windowOf(window)), row);
    }
  }
}
