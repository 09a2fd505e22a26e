import { z } from 'zod';
import type { ProofRecord, Side } from '../../shared/migration/index.ts';
import type { VersionEntry } from '../../shared/proof/index.ts';
import { type KnownParameter, knownParameters } from './carry-search-parameters.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { emptyDigest, keepDigest, type ProofInput, proofContainer } from './proof-files.ts';

const kept = z.array(z.object({ url: z.string(), contentHash: z.string() }));

/** Digests have the numbers of chunks; what is no chunk comes before the first. */
const beforeAllChunks = 0;

/**
 * Search parameters are carried by themselves, and compared so: by URL and content, without id and
 * version, which each service gives. What the target has beyond the source is its own.
 */
export async function digestSearchParameters(
  deps: MigrationDependencies,
  input: ProofInput,
  record: ProofRecord,
): Promise<void> {
  const source = (await knownParameters(deps.ends.source)) ?? new Map<string, KnownParameter>();
  const target = (await knownParameters(deps.ends.target)) ?? new Map<string, KnownParameter>();
  const sides = {
    source: [...source.values()],
    target: [...target.values()].filter(({ url }) => source.has(url)),
  };
  for (const side of ['source', 'target'] as const) {
    const digest = emptyDigest(record);
    for (const parameter of sides[side]) digest.add(entryOf(parameter));
    const list = sides[side].map(({ url, contentHash }) => ({ url, contentHash }));
    await deps.blobs.write(
      proofContainer(input.migrationId),
      fileOf(input, side),
      Buffer.from(JSON.stringify(list)),
    );
    if (list.length > 0)
      await keepDigest(deps, { ...input, of: side, chunk: beforeAllChunks }, digest);
  }
}

/** As they were when the proof began. */
export async function searchParameterEntries(
  { blobs }: MigrationDependencies,
  input: ProofInput,
  side: Side,
): Promise<readonly VersionEntry[]> {
  const parts: Buffer[] = [];
  const url = blobs.urlOf(proofContainer(input.migrationId), fileOf(input, side));
  for await (const part of blobs.read(url)) parts.push(part);
  return kept.parse(JSON.parse(Buffer.concat(parts).toString('utf8'))).map(entryOf);
}

const fileOf = ({ proof }: ProofInput, side: Side): string =>
  `proof-${proof}/search-parameters-${side}.json`;

const entryOf = ({
  url,
  contentHash,
}: Pick<KnownParameter, 'url' | 'contentHash'>): VersionEntry => ({
  resourceType: 'SearchParameter',
  id: url,
  versionId: undefined,
  lastUpdated: undefined,
  deleted: false,
  contentHash,
});
