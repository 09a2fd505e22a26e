import { scanResource } from '../../shared/bulk/index.ts';
import type { Difference } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type HeldVersion, readFromSource } from './loaded-versions.ts';
import { type MovedVersions, movedVersions } from './moved-versions.ts';
import type { ProofInput } from './proof-files.ts';
import { endFormerLife, forgetLoaded, wasBegun } from './remove-copies.ts';
import type { LinesByType } from './repair-window.ts';

export interface Suspects {
  /** Differences in which the target holds a version. */
  readonly suspects: readonly Difference[];
  /** Every version that the source holds of the resources of these differences. */
  readonly linesOf: (references: ReadonlySet<string>) => AsyncIterable<LinesByType>;
}

/**
 * Finds resources of which the target holds versions of a life that ended in the source: there they
 * were deleted for good, or their history purged, and written again under the same id. Their new
 * versions have numbers that the old ones take up in the target, so they cannot be loaded beside
 * them (facts/migration.md §2.3, rule 4). The target's copies are removed with all their versions,
 * and from quarantine goes what collided with them. A former life shows by versions before the
 * first one of the source, or, where the new life was stamped earlier than the old one, by versions
 * that we read from the source and that it no longer holds. What somebody wrote to the target on
 * their own is neither, and is left alone. The same is done to a resource whose versions were put
 * in order (`moved-last-updated`) after some of them had been loaded as they were.
 * @returns references that are to be loaded anew
 */
export async function endFormerLives(
  deps: MigrationDependencies,
  input: ProofInput,
  { suspects, linesOf }: Suspects,
): Promise<ReadonlySet<string>> {
  if (suspects.length === 0) return new Set();
  const moved = await movedVersions(deps, input.migrationId);
  const bySource = await sourceVersions(linesOf(new Set(suspects.map(referenceOf))));
  const former = await formerLives(deps, input, { suspects, bySource, moved });
  const found = new Set<string>();
  for (const [reference, differences] of Map.groupBy(suspects, referenceOf)) {
    if (former.has(reference)) await endFormerLife(deps, input, reference);
    else if (bySource.has(reference) && differences.some((one) => isMovedSince(one, moved))) {
      await forgetLoaded(deps, input, reference);
    } else continue;
    found.add(reference);
  }
  return found;
}

const referenceOf = ({ resourceType, id }: Difference): string => `${resourceType}/${id}`;

/** Of a resource, what the source holds now. */
interface SourceVersions {
  first: number;
  /** `version instant` of each. */
  readonly held: Set<string>;
}

const versionAt = (version: string | number, at: number): string => `${version} ${at}`;

async function sourceVersions(
  parts: AsyncIterable<LinesByType>,
): Promise<ReadonlyMap<string, SourceVersions>> {
  const found = new Map<string, SourceVersions>();
  for await (const lines of parts) {
    for (const line of [...lines.values()].flat()) {
      const scan = scanResource(line);
      if (scan.kind !== 'resource' || scan.lastUpdated === undefined) continue;
      const reference = `${scan.resourceType}/${scan.id ?? ''}`;
      const at = Date.parse(scan.lastUpdated);
      const of = found.get(reference) ?? { first: at, held: new Set() };
      of.first = Math.min(at, of.first);
      of.held.add(versionAt(scan.versionId ?? '', at));
      found.set(reference, of);
    }
  }
  return found;
}

interface Search {
  readonly suspects: readonly Difference[];
  readonly bySource: ReadonlyMap<string, SourceVersions>;
  readonly moved: MovedVersions;
}

async function formerLives(
  deps: MigrationDependencies,
  input: ProofInput,
  { suspects, bySource, moved }: Search,
): Promise<ReadonlySet<string>> {
  const former = new Set<string>();
  const gone: HeldVersion[] = [];
  for (const [reference, differences] of Map.groupBy(suspects, referenceOf)) {
    const source = bySource.get(reference);
    if (source === undefined) continue;
    if (await wasBegun(deps, input, reference)) {
      former.add(reference);
      continue;
    }
    for (const version of await targetVersions(deps, reference, differences)) {
      if (version.at < source.first) former.add(reference);
      else if (!isOfSource(version, source, moved)) gone.push(version);
    }
  }
  const unsure = gone.filter(({ reference }) => !former.has(reference));
  return new Set([...former, ...(await readFromSource(deps, input.migrationId, unsure))]);
}

/** The source holds it now, as it was or before we moved it. */
const isOfSource = (
  { reference, version, at }: HeldVersion,
  { held }: SourceVersions,
  moved: MovedVersions,
): boolean => held.has(versionAt(version, at)) || moved.has(`${reference}/${version}`);

async function targetVersions(
  { ends }: MigrationDependencies,
  reference: string,
  differences: readonly Difference[],
): Promise<readonly HeldVersion[]> {
  const found: HeldVersion[] = [];
  for (const version of new Set(differences.flatMap((one) => one.targetVersion ?? []))) {
    const held = await ends.target.service.read(`${reference}/_history/${version}`);
    const scan = held === undefined ? undefined : scanResource(Buffer.from(held));
    if (scan?.kind !== 'resource') continue;
    const at = Date.parse(scan.lastUpdated ?? '');
    if (!Number.isNaN(at)) found.push({ reference, version: Number(version), at });
  }
  return found;
}

/** Loaded as it was, before an older version came late and both had to be put in order. */
const isMovedSince = (
  { kind, resourceType, id, sourceVersion }: Difference,
  moved: MovedVersions,
) => kind === 'moved' && moved.has(`${resourceType}/${id}/${sourceVersion ?? ''}`);
