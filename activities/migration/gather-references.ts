import { numbered, type Side } from '../../shared/migration/index.ts';
import { closurePassOf, createCurrentVersions } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { loadProof, type ProofInput } from './proof-files.ts';
import { type ReferenceRow, referencesContainer, rowFiles, rowOf } from './reference-rows.ts';
import { type SectionedFiles, SectionWriter, sectionLines } from './sectioned-files.ts';

export interface PartitionInput extends ProofInput {
  /** From 1. */
  readonly partition: number;
}

/** `Type/id` of what is live on a side, and references of the target (`from to`), in sections by what is pointed at. */
export const gatheredFiles = (
  { migrationId, proof }: ProofInput,
  { of, partitions }: { readonly of: Side | 'references'; readonly partitions: number },
): SectionedFiles => ({
  container: referencesContainer(migrationId),
  prefix: `proof-${proof}/${of}/`,
  sections: partitions,
});

export interface GatheredReferences {
  readonly kind: 'gathered';
  /** Local references of the target's current versions. */
  readonly references: number;
}

/**
 * Finds, among all versions of the resources of one partition, the current ones: the ids that are
 * live on each side, and what the target's point at. Memory is that of a table of hashes of one
 * partition of one side.
 */
export function createGatherReferences(deps: MigrationDependencies) {
  return async (input: PartitionInput): Promise<GatheredReferences> => {
    const { partitions } = await loadProof(deps.store, input);
    await gather(deps, { ...input, partitions, side: 'source' });
    const references = await gather(deps, { ...input, partitions, side: 'target' });
    return { kind: 'gathered', references };
  };
}

interface Gathering extends PartitionInput {
  readonly partitions: number;
  readonly side: Side;
}

async function gather(deps: MigrationDependencies, gathering: Gathering): Promise<number> {
  const { side, partition, partitions } = gathering;
  const current = createCurrentVersions();
  for await (const rows of rowsOf(deps, gathering)) {
    for (const row of rows) current.add(row.from, row);
  }
  const writerOf = (of: Side | 'references') => {
    const files = gatheredFiles(gathering, { of, partitions });
    return new SectionWriter(deps, { ...files, prefix: `${files.prefix}${numbered(partition)}-` });
  };
  const [live, pointed] = [writerOf(side), writerOf('references')];
  let references = 0;
  for await (const rows of rowsOf(deps, gathering)) {
    for (const row of rows) {
      if (row.deleted || !current.isCurrent(row.from, row)) continue;
      references += row.to.length;
      if (live.add(partition - 1, row.from)) await live.flush();
      await point(pointed, row, partitions);
    }
  }
  await live.flush();
  await pointed.flush();
  return references;
}

/** A line for each reference: from where to where. One for those that are not checked: how many. */
async function point(
  pointed: SectionWriter,
  { from, to: targets, elsewhere }: ReferenceRow,
  partitions: number,
): Promise<void> {
  for (const to of targets) {
    if (pointed.add(closurePassOf(to, partitions), `${from} ${to}`)) await pointed.flush();
  }
  if (elsewhere > 0 && pointed.add(0, `${elsewhere}`)) await pointed.flush();
}

async function* rowsOf(
  deps: MigrationDependencies,
  gathering: Gathering,
): AsyncGenerator<readonly ReferenceRow[]> {
  const lines = sectionLines(deps, rowFiles(gathering, gathering), gathering.partition - 1);
  for await (const some of lines) yield some.map(rowOf);
}
