import { z } from 'zod';
import { numbered } from '../../shared/migration/index.ts';
import {
  type ClosureCheck,
  createClosureCheck,
  mergeClosures,
  type ReferenceClosure,
} from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { gatheredFiles, type PartitionInput } from './gather-references.ts';
import { loadProof, type ProofInput, proofContainer } from './proof-files.ts';
import { sectionLines } from './sectioned-files.ts';

const count = z.int().min(0);
const dangling = z.object({ from: z.string(), to: z.string() });
const closure = z.object({
  local: count,
  elsewhere: count,
  broken: count,
  brokenExamples: z.array(dangling),
  danglingInSource: count,
  danglingExamples: z.array(dangling),
});

export interface CheckedReferences {
  readonly kind: 'checked';
  readonly broken: number;
}

/** Checks that what the target's resources point at, as far as it is in one partition, is there. */
export function createCheckReferences(deps: MigrationDependencies) {
  return async (input: PartitionInput): Promise<CheckedReferences> => {
    const { partitions } = await loadProof(deps.store, input);
    const pass = input.partition - 1;
    const check = createClosureCheck({ pass, passes: partitions });
    await addIds(deps, { ...input, partitions }, check);
    const elsewhere = await addReferences(deps, { ...input, partitions }, check);
    const found = { ...check.finish(), elsewhere };
    const text = Buffer.from(JSON.stringify(found));
    await deps.blobs.write(proofContainer(input.migrationId), fileOf(input), text);
    return { kind: 'checked', broken: found.broken };
  };
}

interface Partition extends PartitionInput {
  readonly partitions: number;
}

async function addIds(
  deps: MigrationDependencies,
  place: Partition,
  check: ClosureCheck,
): Promise<void> {
  for (const side of ['source', 'target'] as const) {
    const files = gatheredFiles(place, { of: side, partitions: place.partitions });
    for await (const lines of sectionLines(deps, files, place.partition - 1)) {
      for (const line of lines) {
        const slash = line.indexOf('/');
        check.addId(side, line.slice(0, slash), line.slice(slash + 1));
      }
    }
  }
}

/** How many there are that are not checked. */
async function addReferences(
  deps: MigrationDependencies,
  place: Partition,
  check: ClosureCheck,
): Promise<number> {
  let elsewhere = 0;
  const files = gatheredFiles(place, { of: 'references', partitions: place.partitions });
  for await (const lines of sectionLines(deps, files, place.partition - 1)) {
    for (const line of lines) {
      const space = line.indexOf(' ');
      if (space < 0) elsewhere += Number(line);
      else check.addReference(line.slice(0, space), line.slice(space + 1));
    }
  }
  return elsewhere;
}

const folderOf = ({ proof }: ProofInput): string => `proof-${proof}/references/`;
const fileOf = (input: PartitionInput): string =>
  `${folderOf(input)}${numbered(input.partition)}.json`;

/** What all partitions came to; undefined when references were not checked. */
export async function closureOf(
  deps: MigrationDependencies,
  input: ProofInput,
): Promise<ReferenceClosure | undefined> {
  const { partitions } = await loadProof(deps.store, input);
  if (partitions === 0) return undefined;
  const parts: ReferenceClosure[] = [];
  for await (const { url } of deps.blobs.list(proofContainer(input.migrationId), folderOf(input))) {
    const read: Buffer[] = [];
    for await (const part of deps.blobs.read(url)) read.push(part);
    parts.push(closure.parse(JSON.parse(Buffer.concat(read).toString('utf8'))));
  }
  return mergeClosures(parts);
}
