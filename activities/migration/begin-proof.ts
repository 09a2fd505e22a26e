import { randomBytes } from 'node:crypto';
import {
  type ExtractRecord,
  numbered,
  type ProofRecord,
  type Side,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type ProofInput, proofContainer, proofExtract } from './proof-files.ts';
import { digestSearchParameters } from './proof-search-parameters.ts';
import { sizeOfProof } from './proof-size.ts';
import { referencesContainer } from './reference-rows.ts';
import { carriedBy, loadRun, type Run } from './run.ts';

export interface BegunProof {
  readonly kind: 'begun';
  /** Parts that references are checked in; none: they are not checked. */
  readonly partitions: number;
}

/** Plans the exports of both sides, and draws the salt that nobody could know before. */
export function createBeginProof(deps: MigrationDependencies) {
  return async ({ migrationId, proof }: ProofInput): Promise<BegunProof> => {
    const loaded = await loadRun(deps.store, migrationId);
    await deps.blobs.ensureContainer(proofContainer(migrationId));
    await deps.blobs.ensureContainer(referencesContainer(migrationId));
    const begun = await deps.store.proofs.get(migrationId, numbered(proof));
    if (begun !== undefined) return { kind: 'begun', partitions: begun.partitions };
    for (const side of ['source', 'target'] as const) {
      const extract = extractOf(loaded, proof, side);
      await deps.store.extracts.put(migrationId, extract.name, extract);
    }
    const record: ProofRecord = {
      number: proof,
      mode: carriedBy(loaded).history ? 'versions' : 'current',
      countVersions: loaded.run.bulkImport,
      ...sizeOfProof(loaded, await deps.store.windows.list(migrationId)),
      salt: randomBytes(16).toString('hex'),
      begunAt: deps.now().toISOString(),
      comparedAt: null,
      entries: 0,
      differences: 0,
      excepted: 0,
    };
    await digestSearchParameters(deps, { migrationId, proof }, record);
    await deps.store.proofs.put(migrationId, numbered(proof), record);
    return { kind: 'begun', partitions: record.partitions };
  };
}

/**
 * The source up to the instant that it is frozen at. The target without an end: what somebody
 * wrote there on their own is found too.
 */
function extractOf({ run, orders: { plan } }: Run, proof: number, side: Side): ExtractRecord {
  const ranged = plan.from !== null || plan.till !== null;
  return {
    name: proofExtract(proof, side),
    side,
    since: plan.from,
    till: side === 'source' || (ranged && run.bulkImport) ? run.frozenAt : null,
    expected: 0,
    attempt: 0,
    state: 'planned',
    chunks: 0,
    lines: 0,
    shortLooks: 0,
    maxCount: null,
  };
}
