import { z } from 'zod';
import { type Differences, differenceKinds } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type ProofInput, proofContainer } from './proof-files.ts';

const count = z.int().min(0);
const kind = z.enum(differenceKinds);
const differences = z.object({
  count,
  types: z.array(
    z.object({
      type: z.string(),
      kinds: z.record(kind, count),
      sourceEntries: count,
      targetEntries: count,
    }),
  ),
  listed: z.array(
    z.object({
      kind,
      resourceType: z.string(),
      id: z.string(),
      sourceVersion: z.string().nullable(),
      targetVersion: z.string().nullable(),
    }),
  ),
});

const fileOf = (proof: number): string => `proof-${proof}/differences.json`;

/** Differences hold references and can be many: they are kept beside the digests, not in a table. */
export async function keepDifferences(
  { blobs }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  found: Differences,
): Promise<void> {
  const text = Buffer.from(JSON.stringify(found));
  await blobs.write(proofContainer(migrationId), fileOf(proof), text);
}

export async function readDifferences(
  { blobs }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
): Promise<Differences> {
  const parts: Buffer[] = [];
  const url = blobs.urlOf(proofContainer(migrationId), fileOf(proof));
  for await (const part of blobs.read(url)) parts.push(part);
  return differences.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
}
