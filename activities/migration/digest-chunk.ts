import { AppError } from '../../shared/errors.ts';
import { inside, numbered, type Side } from '../../shared/migration/index.ts';
import type { Digest, ScannedResource } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { movedVersions } from './moved-versions.ts';
import { entriesOf, entryKey } from './proof-entries.ts';
import {
  emptyDigest,
  keepDigest,
  loadProof,
  type ProofInput,
  proofExtract,
} from './proof-files.ts';
import { quarantinedKeys } from './quarantine.ts';
import { ReferenceRows } from './reference-rows.ts';
import { loadRun } from './run.ts';

export interface DigestChunkInput extends ProofInput {
  readonly side: Side;
  readonly chunk: number;
}

export interface DigestedChunk {
  readonly kind: 'digested';
  readonly entries: number;
}

/**
 * Digests the export files of one chunk; of the source also, apart, what is quarantined. On the way
 * the ids and, of the target, the references are kept for `gatherReferences`.
 */
export function createDigestChunk(deps: MigrationDependencies) {
  return async (input: DigestChunkInput): Promise<DigestedChunk> => {
    const { migrationId, proof, side, chunk } = input;
    const record = await loadProof(deps.store, input);
    const partition = inside(migrationId, proofExtract(proof, side));
    const files = await deps.store.chunks.get(partition, numbered(chunk));
    if (files === undefined) {
      throw new AppError('NOT_FOUND', `proof ${proof} of the ${side} has no chunk ${chunk}`);
    }
    const digests = { all: emptyDigest(record), excepted: emptyDigest(record) };
    const quarantined =
      side === 'source' ? await quarantinedKeys(deps, migrationId) : new Set<string>();
    const { orders } = await loadRun(deps.store, migrationId);
    const rows = new ReferenceRows(deps, { ...input, record, types: orders.plan.types });
    const references = record.partitions > 0 && side === 'target';
    const moved = side === 'source' ? await movedVersions(deps, migrationId) : new Map();
    for await (const entries of entriesOf(deps, { side, chunk: files, references, moved })) {
      addAll(entries, { ...digests, quarantined });
      await rows.addAll(entries);
    }
    await rows.flush();
    const { all, excepted } = digests;
    await keepDigest(deps, { migrationId, proof, of: side, chunk }, all);
    if (excepted.count > 0) {
      await keepDigest(deps, { migrationId, proof, of: 'excepted', chunk }, excepted);
    }
    return { kind: 'digested', entries: all.count };
  };
}

interface Digesting {
  readonly all: Digest;
  readonly excepted: Digest;
  readonly quarantined: ReadonlySet<string>;
}

function addAll(
  entries: readonly ScannedResource[],
  { all, excepted, quarantined }: Digesting,
): void {
  for (const entry of entries) {
    all.add(entry);
    if (quarantined.size > 0 && quarantined.has(entryKey(entry))) excepted.add(entry);
  }
}
