import { AppError } from '../../shared/errors.ts';
import { inside, numbered, type Side } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { entriesOf, entryKey } from './proof-entries.ts';
import {
  emptyDigest,
  keepDigest,
  loadProof,
  type ProofInput,
  proofExtract,
} from './proof-files.ts';
import { quarantinedKeys } from './quarantine.ts';

export interface DigestChunkInput extends ProofInput {
  readonly side: Side;
  readonly chunk: number;
}

export interface DigestedChunk {
  readonly kind: 'digested';
  readonly entries: number;
}

/** Digests the export files of one chunk; of the source also, apart, what is quarantined. */
export function createDigestChunk(deps: MigrationDependencies) {
  return async (input: DigestChunkInput): Promise<DigestedChunk> => {
    const { migrationId, proof, side, chunk } = input;
    const record = await loadProof(deps.store, input);
    const partition = inside(migrationId, proofExtract(proof, side));
    const files = await deps.store.chunks.get(partition, numbered(chunk));
    if (files === undefined) {
      throw new AppError('NOT_FOUND', `proof ${proof} of the ${side} has no chunk ${chunk}`);
    }
    const digest = emptyDigest(record);
    const excepted = emptyDigest(record);
    const quarantined =
      side === 'source' ? await quarantinedKeys(deps, migrationId) : new Set<string>();
    for await (const entry of entriesOf(deps, side, files)) {
      digest.add(entry);
      if (quarantined.size > 0 && quarantined.has(entryKey(entry))) excepted.add(entry);
    }
    await keepDigest(deps, { migrationId, proof, of: side, chunk }, digest);
    if (excepted.count > 0) {
      await keepDigest(deps, { migrationId, proof, of: 'excepted', chunk }, excepted);
    }
    return { kind: 'digested', entries: digest.count };
  };
}
