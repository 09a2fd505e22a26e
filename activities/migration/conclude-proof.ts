import { hasThawed } from './cut-over-freeze.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { issueCertificate } from './issue-certificate.ts';
import { mendDifferences } from './mend-differences.ts';
import { loadProof, type ProofInput } from './proof-files.ts';
import { after, loadRun, saveRun } from './run.ts';

export interface ConcludedProof {
  readonly kind: 'equal' | 'mended' | 'different' | 'thawed';
}

/** Proofs that may find something to mend, before what is left is taken as it is. */
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
    const changedAt = deps.now().toISOString();
    const { proof: proofs } = input;
    if (proof.differences > 0 && input.proof <= mostMends) {
      const mended = await mendDifferences(deps, input);
      if (mended > 0) {
        const { run: latest } = await loadRun(deps.store, input.migrationId);
        await saveRun(deps.store, { ...after(latest, 'found', { changedAt }), proofs });
        return { kind: 'mended' };
      }
    }
    // Somebody wrote to the source while it was compared: that is copied and proven first.
    if (await hasThawed(deps, { run, orders })) {
      await saveRun(deps.store, { ...after(run, 'found', { changedAt }), proofs, frozenAt: null });
      return { kind: 'thawed' };
    }
    await issueCertificate(deps, input);
    const ending = proof.differences === 0 ? 'equal' : 'different';
    const event = ending === 'equal' ? 'verified' : 'different';
    await saveRun(deps.store, { ...after(run, event, { changedAt }), proofs });
    return { kind: ending };
  };
}
