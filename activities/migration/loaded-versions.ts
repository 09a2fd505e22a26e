import { type MigrationStore, referenceHash } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { keysOfWindow } from './key-files.ts';
import { movedVersions } from './moved-versions.ts';

/** A version that the target holds. */
export interface HeldVersion {
  readonly reference: string;
  readonly version: number;
  /** lastUpdated in the target, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Tells which resources have versions in the target that were read from the source by this
 * migration, at the instant that the target has for them: these are copies, whatever the source
 * holds now, and nobody's own work. The key files of the windows that can hold them are read, 24
 * bytes a version; a resource is known by its 64-bit hash and the instant of its version.
 * @returns references of which at least one version was read from the source
 */
export async function readFromSource(
  deps: MigrationDependencies,
  migrationId: string,
  held: readonly HeldVersion[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (held.length === 0) return found;
  const moved = await movedVersions(deps, migrationId);
  const sought = new Map<string, string>();
  for (const { reference, version, at } of held) {
    const to = moved.get(`${reference}/${version}`);
    if (to !== undefined && Date.parse(to) === at) found.add(reference);
    sought.set(keyOf({ ...referenceHash(reference), version, at }), reference);
  }
  const instants = held.map(({ at }) => at);
  for (const window of await windowsWith(deps.store, migrationId, instants)) {
    for await (const keys of keysOfWindow(deps, { migrationId, window })) {
      for (const key of keys) {
        const reference = sought.get(keyOf(key));
        if (reference !== undefined) found.add(reference);
      }
    }
  }
  return found;
}

interface Key {
  readonly high: number;
  readonly low: number;
  readonly version: number;
  readonly at: number;
}

const keyOf = ({ high, low, version, at }: Key): string => `${high} ${low} ${version} ${at}`;

/** No version of a window is younger than its end; how far it reaches back is not its start's business. */
async function windowsWith(
  store: MigrationStore,
  migrationId: string,
  instants: readonly number[],
): Promise<readonly number[]> {
  const oldest = Math.min(...instants);
  const numbers: number[] = [];
  for await (const { number, till } of store.windows.each(migrationId)) {
    if (Date.parse(till) >= oldest) numbers.push(number);
  }
  return numbers;
}
