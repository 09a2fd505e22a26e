import type { Differences, DrillDown, DrillDownPass, VersionEntry } from './contract.ts';
import { DifferenceCount } from './difference-count.ts';
import { bucketOf } from './entry-hash.ts';
import {
  type HeldEntry,
  type HeldResource,
  heldEntry,
  nameDifferences,
} from './name-differences.ts';

const defaultCap = 1_000;

/**
 * Names each difference in the buckets of a pass. Feed both sides' entries of these buckets, of
 * all windows, in any order; it holds them and nothing else. Of the differences, the first `cap`
 * (default 1,000) are kept by name, all are counted.
 */
export function createDrillDown(
  pass: DrillDownPass,
  { cap = defaultCap }: { readonly cap?: number } = {},
): DrillDown {
  const { settings } = pass;
  const wanted = new Map<string, Uint8Array>();
  for (const { type, bucket } of pass.buckets) {
    const flags = wanted.get(type) ?? new Uint8Array(settings.buckets);
    flags[bucket] = 1;
    wanted.set(type, flags);
  }
  const held = new Map<string, HeldResource>();
  const wants = (type: string, id: string): boolean =>
    wanted.get(type)?.[bucketOf(type, id, settings.buckets)] === 1;
  const add = (side: keyof HeldResource, entry: VersionEntry): void => {
    if (!wants(entry.resourceType, entry.id)) return;
    const name = `${entry.resourceType}/${entry.id}`;
    const resource = held.get(name) ?? emptyResource();
    resource[side].push(heldEntry(entry, settings));
    held.set(name, resource);
  };
  return {
    wants,
    addSource: (entry) => add('source', entry),
    addTarget: (entry) => add('target', entry),
    addExcepted: (entry) => add('excepted', entry),
    finish() {
      const count = new DifferenceCount(cap);
      for (const [name, resource] of held) count.add(name, nameDifferences(resource, settings));
      return count.finish();
    },
  };
}

const emptyResource = (): HeldResource => {
  const side = (): HeldEntry[] => [];
  return { source: side(), target: side(), excepted: side() };
};

/** Differences of several passes as one. */
export function mergeDifferences(
  parts: readonly Differences[],
  { cap = defaultCap }: { readonly cap?: number } = {},
): Differences {
  const count = new DifferenceCount(cap);
  for (const part of parts) count.merge(part);
  return count.finish();
}
