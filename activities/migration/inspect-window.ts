import {
  type ChunkRecord,
  inside,
  numbered,
  type VersionKey,
  windowName,
} from '../../shared/migration/index.ts';
import { CrowdedMilliseconds, MillisecondCounters } from './crowded-milliseconds.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { HeldVersions } from './held-versions.ts';
import { keysByChunk } from './key-files.ts';
import { KeyGroups } from './key-groups.ts';
import { mostPerMillisecond } from './line-judge.ts';
import { type Mends, mendsOfChunk, orderHeld } from './order-held.ts';
import {
  type ChunkMends,
  decisionOf,
  keepDecision,
  keepMends,
  moveKey,
  type WindowPlace,
} from './window-mends.ts';

export interface InspectedWindow extends WindowPlace {
  /** Of the export: another one is inspected anew. */
  readonly attempt: number;
  /** Versions that are held at once, 41 bytes each; more are looked at in parts, each of some of the resources. */
  readonly mostHeld?: number;
}

/**
 * Finds, before the target is asked, what it would refuse of a window as a whole: versions of one
 * resource whose instants do not rise with their numbers, and milliseconds with more versions than
 * one operation, or the database, takes (facts/migration.md §2.2, §2.3 rules 4 and 9). What is to
 * be done is kept by chunk.
 * @returns the chunks that have to be staged again
 */
export async function inspectWindow(
  deps: MigrationDependencies,
  place: InspectedWindow,
): Promise<readonly number[]> {
  const known = await decisionOf(deps, place, place.attempt);
  if (known !== undefined) return lackingMends(deps, place, known.chunks);
  const mends = await findMends(deps, place);
  for (const [chunk, found] of mends) await keepMends(deps, { ...place, chunk }, found);
  const chunks = [...mends.keys()];
  await keepDecision(deps, place, { attempt: place.attempt, chunks });
  return chunks;
}

async function lackingMends(
  { store }: MigrationDependencies,
  { migrationId, window }: InspectedWindow,
  chunks: readonly number[],
): Promise<readonly number[]> {
  const partition = inside(migrationId, windowName(window));
  const staged = await Promise.all(
    chunks.map((chunk) => store.staged.get(partition, numbered(chunk))),
  );
  return chunks.filter((_, index) => staged[index]?.mended !== true);
}

/** More would read all keys too often. */
const mostPasses = 4;

async function findMends(
  deps: MigrationDependencies,
  place: InspectedWindow,
): Promise<ReadonlyMap<number, ChunkMends>> {
  const counters = new MillisecondCounters();
  const sizes = new Uint32Array(parts);
  await eachKey(deps, place, (_, key) => {
    counters.add(key);
    sizes[partOf(key)] = (sizes[partOf(key)] ?? 0) + 1;
  });
  const crowded = new CrowdedMilliseconds();
  if (counters.anySurpasses(mostPerMillisecond)) {
    await eachKey(deps, place, ({ type }, key) => {
      if (counters.maySurpass(key.at, mostPerMillisecond)) crowded.add(type ?? '', key);
    });
  }
  const mends: Mends = new Map();
  const groups = passesOf(sizes, place.mostHeld ?? 500_000);
  if (groups.length > mostPasses) await orderGroups(deps, place, { groups, crowded, mends });
  else for (const pass of groups) await orderPass(deps, place, { ...pass, crowded, mends });
  await partCrowded(deps, place, { counters, mends });
  return mends;
}

async function eachKey(
  deps: MigrationDependencies,
  place: InspectedWindow,
  visit: (chunk: ChunkRecord, key: VersionKey) => void,
): Promise<void> {
  for await (const { chunk, keys } of keysByChunk(deps, place)) {
    for (const key of keys) visit(chunk, key);
  }
}

/** Parts of the resources, by their hashes; a pass takes several. */
const parts = 1024;

const partOf = ({ high }: VersionKey): number => high % parts;

interface Parts {
  readonly from: number;
  /** Not among them. */
  readonly to: number;
  readonly versions: number;
}

/** As few passes as can be, none with more versions than are held at once. */
function passesOf(sizes: Uint32Array, mostHeld: number): readonly Parts[] {
  const passes: Parts[] = [];
  for (const [part, size] of sizes.entries()) {
    const last = passes.at(-1);
    const versions = (last?.versions ?? 0) + size;
    if (last !== undefined && versions <= mostHeld) {
      passes.splice(-1, 1, { ...last, to: part + 1, versions });
    } else passes.push({ from: part, to: part + 1, versions: size });
  }
  return passes;
}

interface Pass {
  readonly crowded: CrowdedMilliseconds;
  readonly mends: Mends;
}

/** Brings the versions of a part of the resources into order, out of the keys of all. */
async function orderPass(
  deps: MigrationDependencies,
  place: InspectedWindow,
  { from, to, versions: room, crowded, mends }: Pass & Parts,
): Promise<void> {
  const held = new HeldVersions(room);
  const placed = crowded.placing();
  await eachKey(deps, place, ({ type, number }, key) => {
    const at = placed(type ?? '', key);
    const part = partOf(key);
    if (part >= from && part < to) held.add(key, number, at);
  });
  orderHeld(held, mends);
}

/** The same for many parts: the keys are first put down part by part, so that each is read twice, however many there are. */
async function orderGroups(
  deps: MigrationDependencies,
  place: InspectedWindow,
  { groups, crowded, mends }: Pass & { readonly groups: readonly Parts[] },
): Promise<void> {
  const groupOf = new Uint16Array(parts);
  for (const [index, { from, to }] of groups.entries()) groupOf.fill(index, from, to);
  const grouped = new KeyGroups(deps, { ...place, groups: groups.length });
  const placed = crowded.placing();
  for await (const { chunk, keys } of keysByChunk(deps, place)) {
    for (const key of keys) {
      const to = placed(chunk.type ?? '', key);
      grouped.add(groupOf[partOf(key)] ?? 0, { key, chunk: chunk.number, to });
    }
    await grouped.putDown();
  }
  for (const [index, { versions: room }] of groups.entries()) {
    const held = new HeldVersions(room);
    for await (const { key, chunk, to } of grouped.read(index)) held.add(key, chunk, to);
    orderHeld(held, mends);
  }
}

interface Parting {
  readonly counters: MillisecondCounters;
  readonly mends: Mends;
}

/** Numbers the versions of each crowded millisecond through all chunks, where they are now to be. */
async function partCrowded(
  deps: MigrationDependencies,
  place: InspectedWindow,
  { counters, mends }: Parting,
): Promise<void> {
  if (!counters.anySurpasses(mostPerMillisecond)) return;
  const counts = new Map<number, number>();
  const count = ({ at }: Pick<VersionKey, 'at'>) => counts.set(at, (counts.get(at) ?? 0) + 1);
  const whereNow = nowIn(mends);
  await eachKey(deps, place, ({ number }, key) => {
    const at = whereNow(number, key);
    if (at !== key.at || counters.maySurpass(at, mostPerMillisecond)) count({ at });
  });
  const crowded = new Set(
    [...counts].filter(([, of]) => of > mostPerMillisecond).map(([at]) => at),
  );
  counts.clear();
  const seen = new Map<number, Set<number>>();
  await eachKey(deps, place, ({ number }, key) => {
    const at = whereNow(number, key);
    if (!crowded.has(at)) return;
    const ofChunk = seen.get(number) ?? new Set<number>();
    seen.set(number, ofChunk);
    if (!ofChunk.has(at)) mendsOfChunk(mends, number).crowded.push([at, counts.get(at) ?? 0]);
    ofChunk.add(at);
    count({ at });
  });
}

function nowIn(mends: Mends): (chunk: number, key: VersionKey) => number {
  const moved = new Map<number, ReadonlyMap<string, number>>();
  for (const [chunk, { moves }] of mends) {
    const ofChunk = moves.map(([high, low, version, at]): [string, number] => [
      moveKey({ high, low, version }),
      at,
    ]);
    if (ofChunk.length > 0) moved.set(chunk, new Map(ofChunk));
  }
  return (chunk, key) => moved.get(chunk)?.get(moveKey(key)) ?? key.at;
}
