import type { DigestSettings, VersionEntry } from './contract.ts';
import type { DifferenceKind } from './difference-kinds.ts';
import { instantOf } from './instant.ts';

/** What is held of an entry until all of its resource are there. */
export interface HeldEntry {
  readonly versionId: string | undefined;
  readonly at: number | undefined;
  readonly deleted: boolean;
  readonly contentHash: string;
}

export interface HeldResource {
  readonly source: HeldEntry[];
  readonly target: HeldEntry[];
  readonly excepted: HeldEntry[];
}

export interface NamedDifference {
  readonly kind: DifferenceKind;
  readonly source: HeldEntry | undefined;
  readonly target: HeldEntry | undefined;
}

export function heldEntry(entry: VersionEntry, settings: DigestSettings): HeldEntry {
  const { versionId, deleted, contentHash } = entry;
  if (!settings.countVersions) return { versionId: undefined, at: undefined, deleted, contentHash };
  return { versionId, at: instantOf(entry), deleted, contentHash };
}

/** Both sides of one resource while pairs are taken out. */
interface Unpaired {
  source: HeldEntry[];
  target: HeldEntry[];
  readonly pairedKeys: Set<string>;
}

/** The differences of one resource, whose entries of all windows are there. */
export function nameDifferences(
  resource: HeldResource,
  { mode }: DigestSettings,
): readonly NamedDifference[] {
  const keyOf = (entry: HeldEntry): string => (mode === 'current' ? '' : (entry.versionId ?? ''));
  const expected = without(resource.source, resource.excepted);
  const rest: Unpaired = { source: expected, target: [...resource.target], pairedKeys: new Set() };
  pair(rest, { keyOf, same: isSame });
  const named = [
    ...pair(rest, { keyOf, same: (left, right) => keyOf(left) === keyOf(right) }),
    ...duplicates(rest, keyOf),
  ];
  if (mode === 'versions') named.push(...pair(rest, { keyOf, same: isSameContent }));
  const newest = { source: newestOf(expected), target: newestOf(resource.target) };
  return [...named, ...alone(rest, newest)];
}

function without(entries: readonly HeldEntry[], taken: readonly HeldEntry[]): HeldEntry[] {
  const rest = [...entries];
  for (const entry of taken) {
    const index = rest.findIndex((one) => isSame(one, entry));
    if (index >= 0) rest.splice(index, 1);
  }
  return rest;
}

const isSameContent = (left: HeldEntry, right: HeldEntry): boolean =>
  left.deleted === right.deleted && left.contentHash === right.contentHash;

const isSame = (left: HeldEntry, right: HeldEntry): boolean =>
  isSameContent(left, right) && left.versionId === right.versionId && left.at === right.at;

/** Takes out every pair that is the same by `same`, and says what still differs in it. */
function pair(
  rest: Unpaired,
  how: {
    readonly keyOf: (entry: HeldEntry) => string;
    readonly same: (left: HeldEntry, right: HeldEntry) => boolean;
  },
): readonly NamedDifference[] {
  const named: NamedDifference[] = [];
  rest.source = rest.source.filter((source) => {
    const index = rest.target.findIndex((target) => how.same(source, target));
    const target = rest.target[index];
    if (target === undefined) return true;
    rest.target.splice(index, 1);
    rest.pairedKeys.add(how.keyOf(source)).add(how.keyOf(target));
    if (!isSame(source, target)) named.push({ kind: kindOfPair(source, target), source, target });
    return false;
  });
  return named;
}

function kindOfPair(source: HeldEntry, target: HeldEntry): DifferenceKind {
  if (source.deleted !== target.deleted) return source.deleted ? 'undeleted' : 'wrongly-deleted';
  if (source.contentHash !== target.contentHash) return 'altered';
  return source.versionId === target.versionId ? 'moved' : 'version-differs';
}

/** Takes out what repeats a key of its own side. */
function duplicates(
  rest: Unpaired,
  keyOf: (entry: HeldEntry) => string,
): readonly NamedDifference[] {
  const named: NamedDifference[] = [];
  const sides = [
    { side: 'source', kind: 'duplicate-in-source' },
    { side: 'target', kind: 'duplicate-in-target' },
  ] as const;
  for (const { side, kind } of sides) {
    const seen = new Set(rest.pairedKeys);
    rest[side] = rest[side].filter((entry) => {
      const key = keyOf(entry);
      if (!seen.has(key)) {
        seen.add(key);
        return true;
      }
      named.push({ kind, source: undefined, target: undefined, [side]: entry });
      return false;
    });
  }
  return named;
}

interface Newest {
  readonly source: HeldEntry | undefined;
  readonly target: HeldEntry | undefined;
}

/** What one side has alone. A tombstone alone matters by what the other side shows today. */
function alone(rest: Unpaired, newest: Newest): readonly NamedDifference[] {
  return [
    ...rest.source.map((source): NamedDifference => {
      const undeleted = source.deleted && newest.target?.deleted === false;
      return { kind: undeleted ? 'undeleted' : 'missing', source, target: undefined };
    }),
    ...rest.target.map((target): NamedDifference => {
      const wrong = target.deleted && newest.source?.deleted === false;
      return { kind: wrong ? 'wrongly-deleted' : 'extra', source: undefined, target };
    }),
  ];
}

function newestOf(entries: readonly HeldEntry[]): HeldEntry | undefined {
  return entries.reduce<HeldEntry | undefined>(
    (newest, entry) => (newest === undefined || isLater(entry, newest) ? entry : newest),
    undefined,
  );
}

function isLater(entry: HeldEntry, than: HeldEntry): boolean {
  const first = entry.at ?? 0;
  const second = than.at ?? 0;
  if (first !== second) return first > second;
  return Number(entry.versionId ?? 0) > Number(than.versionId ?? 0);
}
