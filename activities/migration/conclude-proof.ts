import type { RunRecord } from '../../shared/migration/index.ts';
import { hasThawed } from './cut-over-freeze.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { issueCertificate } from './issue-certificate.ts';
import { mendDifferences } from './mend-differences.ts';
import { loadProof, type ProofInput } from './proof-files.ts';
import { after, loadRun, saveRun } from './run.ts';

export interface ConcludedProof {
  readonly kind: 'equal' | 'mended' | 'different' | 'thawed';
}

/** Proofs in a row that may find something to mend, before what is left is taken as it is. */
const mostMends = 4;

/**
 * What follows from a comparison: a certificate when both sides are equal; otherwise what can be
 * mended without loss is mended, and it is proven again; what cannot is named in the certificate.
 */
export function createConcludeProof(deps: MigrationDependencies) {
  return async (input: ProofInput): Promise<ConcludedProof> => {
    const { run, orders } = await loadRun(deps.store, input.migrationId);
    if (run.proofs >= input.proof) return { kind: run.state === 'completed' ? 'equal' : 'mended' };
    const proof = await loadProof(deps.store, input);
    // Somebody wrote to the source while it was compared: that is copied and proven first.
    if (await hasThawed(deps, { run, orders })) {
      return goOn(deps, input, { kind: 'thawed', change: { frozenAt: null, mends: 0 } });
    }
    if (proof.differences > 0 && run.mends < mostMends) {
      const { resources, window: windows = run.windows } = await mendDifferences(deps, input);
      const change = { mends: run.mends + 1, windows };
      if (resources > 0) return goOn(deps, input, { kind: 'mended', change });
    }
    return certify(deps, input, { run, ending: proof.differences === 0 ? 'equal' : 'different' });
  };
}

async function certify(
  deps: MigrationDependencies,
  input: ProofInput,
  { run, ending }: { readonly run: RunRecord; readonly ending: 'equal' | 'different' },
): Promise<ConcludedProof> {
  await issueCertificate(deps, input);
  const changedAt = deps.now().toISOString();
  const event = ending === 'equal' ? 'verified' : 'different';
  await saveRun(deps.store, { ...after(run, event, { changedAt }), proofs: input.proof, mends: 0 });
  return { kind: ending };
}

/** Copying goes on, and then it is proven again. */
async function goOn(
  { store, now }: MigrationDependencies,
  { migrationId, proof: proofs }: ProofInput,
  { kind, change }: ConcludedProof & { readonly change: Partial<RunRecord> },
): Promise<ConcludedProof> {
  const { run } = await loadRun(store, migrationId);
  const changedAt = now().toISOString();
  await saveRun(store, { ...after(run, 'found', { changedAt }), ...change, proofs });
  return { kind };
}
