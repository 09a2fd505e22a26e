import { inside } from '../../shared/migration/index.ts';
import type { Difference } from '../../shared/proof/index.ts';
import { bringSearchParameters } from './carry-search-parameters.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { allDifferences, differenceFiles } from './differences-file.ts';
import { endFormerLives } from './former-lives.ts';
import { type MovedVersions, movedVersions, moveLine } from './moved-versions.ts';
import { entryKey, linesWithEntries } from './proof-entries.ts';
import { type ProofInput, proofExtract } from './proof-files.ts';
import { quarantinedKeys } from './quarantine.ts';
import { type LinesByType, openRepairWindow } from './repair-window.ts';
import { settleExtra } from './settle-extra.ts';

/**
 * Mends what loses nothing: versions that the target lacks are loaded again, and resources that
 * the source no longer has are deleted in the target, hard where the source has no trace of them.
 * What was deleted for good in the source and written again under its id is loaded anew. All
 * differences are dealt with, however many, in the parts that they were found in. Contents that
 * differ are left to a person: somebody has written to the target.
 */
export async function mendDifferences(
  deps: MigrationDependencies,
  input: ProofInput,
): Promise<Mended> {
  const lacking = new Set<string>();
  let settled = 0;
  for (const url of await differenceFiles(deps, input)) {
    const found = await allDifferences(deps, url);
    if (found.some(isApart)) settled += await mendParameters(deps);
    const others = found.filter((one) => !isApart(one));
    settled += await mendPart(deps, input, { found: others, lacking });
  }
  const window = await loadLacking(deps, input, lacking);
  return { resources: settled + lacking.size, window };
}

export interface Mended {
  /** How many are dealt with. */
  readonly resources: number;
  /** Of the versions that are to be loaded, which the run has to count among its own. */
  readonly window: number | undefined;
}

/** Resources that are looked up and deleted side by side. */
const width = 8;

async function mendParameters(deps: MigrationDependencies): Promise<number> {
  const brought = await bringSearchParameters(deps);
  return brought.kind === 'brought' ? brought.written : 0;
}

/** @returns resources that are deleted; those that are to be loaded are added to `lacking` */
async function mendPart(
  deps: MigrationDependencies,
  input: ProofInput,
  { found, lacking }: { readonly found: readonly Difference[]; readonly lacking: Set<string> },
): Promise<number> {
  const writtenAgain = await endFormerLives(deps, input, {
    suspects: found.filter(({ targetVersion }) => targetVersion !== null),
    linesOf: (references) =>
      linesOf(deps, { ...input, lacking: references, moved: new Map(), quarantined: new Set() }),
  });
  for (const reference of writtenAgain) lacking.add(reference);
  let deleted = 0;
  const extra = found.filter(({ kind }) => kind === 'extra');
  const alone = [...new Set(extra.map(referenceOf))].filter((one) => !writtenAgain.has(one));
  for (let from = 0; from < alone.length; from += width) {
    const some = alone.slice(from, from + width);
    const endings = await Promise.all(
      some.map((reference) => settleExtra(deps, { ...input, reference, deleted: 'is-applied' })),
    );
    deleted += endings.filter((ending) => ending === 'deleted').length;
    const loadable = some.filter((_, index) => endings[index] === 'to-be-loaded');
    for (const reference of loadable) lacking.add(reference);
  }
  for (const difference of found) if (isLacking(difference)) lacking.add(referenceOf(difference));
  return deleted;
}

const referenceOf = ({ resourceType, id }: Difference): string => `${resourceType}/${id}`;
const isApart = ({ resourceType }: Difference): boolean => resourceType === 'SearchParameter';
const isLacking = ({ kind }: Difference): boolean => kind === 'missing' || kind === 'undeleted';

async function loadLacking(
  deps: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  lacking: ReadonlySet<string>,
): Promise<number | undefined> {
  if (lacking.size === 0) return undefined;
  const loading = {
    ...{ migrationId, proof, lacking },
    moved: await movedVersions(deps, migrationId),
    quarantined: await quarantinedKeys(deps, migrationId),
  };
  return openRepairWindow(deps, migrationId, linesOf(deps, loading));
}

interface Loading extends ProofInput {
  /** Type and id. */
  readonly lacking: ReadonlySet<string>;
  readonly moved: MovedVersions;
  readonly quarantined: ReadonlySet<string>;
}

/** All versions of these resources: which of them the target holds is its own business to tell. */
async function* linesOf(
  deps: MigrationDependencies,
  { migrationId, proof, lacking, moved, quarantined }: Loading,
): AsyncGenerator<LinesByType> {
  const types = new Set([...lacking].map((reference) => reference.split('/')[0]));
  const partition = inside(migrationId, proofExtract(proof, 'source'));
  for await (const chunk of deps.store.chunks.each(partition)) {
    if (chunk.type !== null && chunk.type !== '' && !types.has(chunk.type)) continue;
    const found = new Map<string, Buffer[]>();
    for await (const { entry, line } of linesWithEntries(deps, 'source', chunk)) {
      const key = entryKey(entry);
      if (!lacking.has(`${entry.resourceType}/${entry.id}`) || quarantined.has(key)) continue;
      const some = found.get(entry.resourceType) ?? [];
      some.push(asMoved(line, { from: entry.lastUpdated, to: moved.get(key) }));
      found.set(entry.resourceType, some);
    }
    if (found.size > 0) yield found;
  }
}

function asMoved(
  line: Buffer,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Buffer {
  const moved = from === undefined || to === undefined ? undefined : moveLine(line, { from, to });
  return Buffer.from(moved ?? line);
}
