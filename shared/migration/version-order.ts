/** A version of one resource. */
export interface TimedVersion {
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Must stay where it is. */
  readonly pinned: boolean;
}

/**
 * Instants for versions so that they rise with the version number, as `$import` demands
 * (facts/migration.md §2.3 rule 4), each moved by as little as possible: the sum of all moves is
 * the smallest there is, in whole milliseconds; of equal ways, the newest versions stay.
 *
 * This is isotonic regression: with a version's place taken from its instant, the rest must not
 * fall; neighbours that do are pooled at their median (pool adjacent violators).
 *
 * @param versions in any order, each number once
 * @returns the versions by number, with their instants
 */
export function inOrder(versions: readonly TimedVersion[]): readonly TimedVersion[] {
  const sorted = [...versions].sort((one, other) => one.version - other.version);
  const pools: Pool[] = [];
  for (const [place, { at, pinned }] of sorted.entries()) {
    pools.push(poolOf([{ value: at - place, weight: pinned ? pinnedWeight : 1 }]));
    for (;;) {
      const [before, last] = pools.slice(-2);
      if (before === undefined || last === undefined || before.level <= last.level) break;
      pools.splice(-2, 2, poolOf([...before.members, ...last.members]));
    }
  }
  const levels = pools.flatMap(({ level, members }) => members.map(() => level));
  return sorted.map((version, place) => ({ ...version, at: (levels[place] ?? 0) + place }));
}

/** True when every version is later than the one before it by number. */
export function isInOrder(versions: readonly TimedVersion[]): boolean {
  const sorted = [...versions].sort((one, other) => one.version - other.version);
  return sorted.every(
    ({ at }, place) => place === 0 || at > (sorted[place - 1]?.at ?? Number.NEGATIVE_INFINITY),
  );
}

/** More than any number of versions of one resource: what is pinned gives the level. */
const pinnedWeight = 1_000_000;

interface Member {
  readonly value: number;
  readonly weight: number;
}

interface Pool {
  readonly members: readonly Member[];
  readonly level: number;
}

/** The lower weighted median: of two, it is the one that the newer version has. */
function poolOf(members: readonly Member[]): Pool {
  const sorted = [...members].sort((one, other) => one.value - other.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let passed = 0;
  for (const { value, weight } of sorted) {
    passed += weight;
    if (passed >= half) return { members, level: value };
  }
  return { members, level: 0 };
}
