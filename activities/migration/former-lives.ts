import { scanResource } from '../../shared/bulk/index.ts';
import type { MigrationStore } from '../../shared/migration/index.ts';
import type { Difference } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type MovedVersions, movedVersions } from './moved-versions.ts';
import type { ProofInput } from './proof-files.ts';
import { quarantineRow } from './quarantine.ts';
import type { LinesByType } from './repair-window.ts';

export interface Suspects {
  /** Differences in which the target holds a version. */
  readonly suspects: readonly Difference[];
  /** Every version that the source holds of the resources of these differences. */
  readonly linesOf: (references: ReadonlySet<string>) => AsyncIterable<LinesByType>;
}

/**
 * Finds resources of which the target holds versions from before their first version in the
 * source: there they were deleted for good, or their history purged, and written again under the
 * same id. Their new versions have numbers that the old ones take up in the target, so they cannot
 * be loaded beside them (facts/migration.md §2.3, rule 4). The target's copies are removed with all
 * their versions, and from quarantine goes what collided with them. What somebody wrote to the
 * target on their own is younger, and is left alone. The same is done to a resource whose versions
 * were put in order (`moved-last-updated`) after some of them had been loaded as they were.
 * @returns references that are to be loaded anew
 */
export async function endFormerLives(
  deps: MigrationDependencies,
  input: ProofInput,
  { suspects, linesOf }: Suspects,
): Promise<ReadonlySet<string>> {
  if (suspects.length === 0) return new Set();
  const moved = await movedVersions(deps, input.migrationId);
  const firsts = await firstInstants(linesOf(new Set(suspects.map(referenceOf))));
  const found = new Set<string>();
  for (const [reference, differences] of Map.groupBy(suspects, referenceOf)) {
    const first = firsts.get(reference);
    if (first === undefined) continue;
    const isFormer =
      (await wasBegun(deps, input, reference)) ||
      (await holdsOlder(deps, { reference, differences, first }));
    if (isFormer) await endFormerLife(deps, input, reference);
    else if (differences.some((one) => isMovedSince(one, moved))) {
      await forgetLoaded(deps, input, reference);
    } else continue;
    found.add(reference);
  }
  return found;
}

const referenceOf = ({ resourceType, id }: Difference): string => `${resourceType}/${id}`;

async function firstInstants(
  parts: AsyncIterable<LinesByType>,
): Promise<ReadonlyMap<string, number>> {
  const firsts = new Map<string, number>();
  for await (const lines of parts) {
    for (const line of [...lines.values()].flat()) {
      const scan = scanResource(line);
      if (scan.kind !== 'resource' || scan.lastUpdated === undefined) continue;
      const reference = `${scan.resourceType}/${scan.id ?? ''}`;
      const at = Date.parse(scan.lastUpdated);
      firsts.set(reference, Math.min(at, firsts.get(reference) ?? at));
    }
  }
  return firsts;
}

async function holdsOlder(
  { ends }: MigrationDependencies,
  {
    reference,
    differences,
    first,
  }: {
    readonly reference: string;
    readonly differences: readonly Difference[];
    readonly first: number;
  },
): Promise<boolean> {
  const versions = new Set(differences.flatMap(({ targetVersion }) => targetVersion ?? []));
  for (const version of versions) {
    const held = await ends.target.service.read(`${reference}/_history/${version}`);
    const scan = held === undefined ? undefined : scanResource(Buffer.from(held));
    const at = scan?.kind === 'resource' ? Date.parse(scan.lastUpdated ?? '') : Number.NaN;
    if (at < first) return true;
  }
  return false;
}

/** Loaded as it was, before an older version came late and both had to be put in order. */
const isMovedSince = (
  { kind, resourceType, id, sourceVersion }: Difference,
  moved: MovedVersions,
) => kind === 'moved' && moved.has(`${resourceType}/${id}/${sourceVersion ?? ''}`);

const detailOf = (proof: number): string =>
  `deleted in the source and written again, found by proof ${proof}`;

const repairRow = (reference: string): string => `deleted!${reference}`;

/** A step that was cut after the removal has nothing left in the target to tell it by. */
async function wasBegun(
  { store }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  reference: string,
): Promise<boolean> {
  const repair = await store.repairs.get(migrationId, repairRow(reference));
  return repair?.detail === detailOf(proof);
}

async function endFormerLife(
  { ends, store, now }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  reference: string,
): Promise<void> {
  await store.repairs.put(migrationId, repairRow(reference), {
    kind: 'hard-deleted',
    reference,
    versionId: null,
    detail: detailOf(proof),
    at: now().toISOString(),
  });
  await releaseConflicts(store, migrationId, reference);
  await ends.target.service.remove(reference, { hard: true });
}

/** What the target lacks after a cut in the middle is found missing by the next proof. */
async function forgetLoaded(
  { ends, store, now }: MigrationDependencies,
  { migrationId }: ProofInput,
  reference: string,
): Promise<void> {
  await store.repairs.put(migrationId, `loaded-again!${reference}`, {
    kind: 'loaded-again',
    reference,
    versionId: null,
    detail: 'its versions were put in the order of their instants after some were loaded',
    at: now().toISOString(),
  });
  await releaseConflicts(store, migrationId, reference);
  await ends.target.service.remove(reference, { hard: true });
}

async function releaseConflicts(
  store: MigrationStore,
  migrationId: string,
  reference: string,
): Promise<void> {
  for await (const record of store.quarantine.each(migrationId)) {
    if (record.reference !== reference || record.cause !== 'version-conflict') continue;
    await store.quarantine.remove(migrationId, quarantineRow(record));
  }
}
