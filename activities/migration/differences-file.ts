import { z } from 'zod';
import { ndjsonLines } from '../../shared/bulk/index.ts';
import { numbered } from '../../shared/migration/index.ts';
import { type Difference, type Differences, differenceKinds } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type ProofInput, proofContainer } from './proof-files.ts';

const count = z.int().min(0);
const kind = z.enum(differenceKinds);
const difference = z.object({
  kind,
  resourceType: z.string(),
  id: z.string(),
  sourceVersion: z.string().nullable(),
  targetVersion: z.string().nullable(),
});
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
  listed: z.array(difference),
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

const folderOf = (proof: number): string => `proof-${proof}/all-differences/`;

/** All differences of one pass by name, beyond what a certificate lists: they are what is mended. */
export async function keepAllDifferences(
  { blobs }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  { pass, listed }: { readonly pass: number; readonly listed: readonly Difference[] },
): Promise<void> {
  const name = `${folderOf(proof)}${numbered(pass)}.ndjson`;
  const text = listed.map((one) => `${JSON.stringify(one)}\n`).join('');
  await blobs.write(proofContainer(migrationId), name, Buffer.from(text));
}

/** Files of differences, one for each pass. */
export async function differenceFiles(
  { blobs }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
): Promise<readonly string[]> {
  const urls: string[] = [];
  for await (const { url } of blobs.list(proofContainer(migrationId), folderOf(proof))) {
    urls.push(url);
  }
  return urls;
}

export async function allDifferences(
  { blobs }: MigrationDependencies,
  url: string,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for await (const lines of ndjsonLines(blobs.read(url), { file: url })) {
    for (const { bytes } of lines) found.push(difference.parse(JSON.parse(bytes.toString('utf8'))));
  }
  return found;
}
