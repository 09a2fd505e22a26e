import { randomBytes } from 'node:crypto';
import {
  type ExtractRecord,
  numbered,
  type RunRecord,
  type Side,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type ProofInput, proofContainer, proofExtract } from './proof-files.ts';
import { carriedBy, loadRun, type Run } from './run.ts';

export interface BegunProof {
  readonly kind: 'begun';
}

/** Windows that digests are parted by; more are put together, so that a digest keeps a bounded size. */
const mostBoundaries = 60;

/** Plans the exports of both sides, and draws the salt that nobody could know before. */
export function createBeginProof(deps: MigrationDependencies) {
  return async ({ migrationId, proof }: ProofInput): Promise<BegunProof> => {
    const loaded = await loadRun(deps.store, migrationId);
    await deps.blobs.ensureContainer(proofContainer(migrationId));
    if ((await deps.store.proofs.get(migrationId, numbered(proof))) !== undefined) {
      return { kind: 'begun' };
    }
    for (const side of ['source', 'target'] as const) {
      const extract = extractOf(loaded, proof, side);
      await deps.store.extracts.put(migrationId, extract.name, extract);
    }
    await deps.store.proofs.put(migrationId, numbered(proof), {
      number: proof,
      mode: carriedBy(loaded).history ? 'versions' : 'current',
      countVersions: loaded.run.bulkImport,
      boundaries: loaded.run.bulkImport ? await boundariesOf(deps, loaded.run) : [],
      salt: randomBytes(16).toString('hex'),
      begunAt: deps.now().toISOString(),
      comparedAt: null,
      entries: 0,
      differences: 0,
      excepted: 0,
    });
    return { kind: 'begun' };
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

async function boundariesOf(
  { store }: MigrationDependencies,
  { id }: RunRecord,
): Promise<readonly string[]> {
  const windows = await store.windows.list(id);
  const ends = [...new Set(windows.map(({ till }) => till))].sort().slice(0, -1);
  const step = Math.ceil(ends.length / mostBoundaries);
  return ends.filter((_, index) => index % Math.max(1, step) === 0);
}
