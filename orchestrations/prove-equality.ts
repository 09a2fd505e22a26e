import type { Blocked, MigrationActivities } from '../activities/migration/index.ts';
import { childId } from './child-id.ts';
import type { PartEnding } from './migrate-window.ts';
import { remoteCall } from './retry.ts';
import { runExtract } from './run-extract.ts';
import {
  all,
  child,
  inputOf,
  type Orchestration,
  type OrchestrationContext,
  stepsOf,
} from './steps.ts';
import { inTurn } from './waves.ts';

export interface ProveEqualityInput {
  readonly migrationId: string;
  readonly proof: number;
}

export interface DigestSideInput extends ProveEqualityInput {
  readonly side: 'source' | 'target';
}

/**
 * Proves that both services hold the same: each is exported whole and digested, and the digests
 * are compared. What differs is named, and mended where that loses nothing; then it is proven again.
 */
export function* proveEquality(context: OrchestrationContext): Orchestration<PartEnding> {
  const { migrationId, proof } = inputOf<ProveEqualityInput>(context);
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  try {
    const begun = yield* steps.beginProof({ migrationId, proof });
    if (begun.kind === 'blocked') return begun;
    const sides = yield* all(context, [
      digested(context, { migrationId, proof, side: 'source' }),
      digested(context, { migrationId, proof, side: 'target' }),
    ]);
    for (const side of sides) if (side.kind === 'blocked') return side;
    const compared = yield* steps.compareSides({ migrationId, proof });
    if (compared.kind === 'blocked') return compared;
    const problem = yield* checkReferences(context, { migrationId, proof }, begun.partitions);
    if (problem !== undefined) return problem;
    const concluded = yield* steps.concludeProof({ migrationId, proof });
    return concluded.kind === 'blocked' ? concluded : { kind: 'done', lines: compared.entries };
  } catch {
    return { kind: 'blocked', reason: 'The proof failed for a day. See the log of the app.' };
  }
}

/** Where references point is gathered first, partition by partition; then each is looked up. */
function* checkReferences(
  context: OrchestrationContext,
  place: ProveEqualityInput,
  partitions: number,
): Orchestration<Blocked | undefined> {
  const problem = yield* inTurn(context, partitions, (partition, { gatherReferences }) =>
    gatherReferences({ ...place, partition }),
  );
  if (problem !== undefined) return problem;
  return yield* inTurn(context, partitions, (partition, steps) =>
    steps.checkReferences({ ...place, partition }),
  );
}

/** One side, exported and digested chunk by chunk. */
export function* digestSide(context: OrchestrationContext): Orchestration<PartEnding> {
  const { migrationId, proof, side } = inputOf<DigestSideInput>(context);
  try {
    const extract = `proof-${proof}-${side}`;
    const exported = yield* runExtract(context, { migrationId, extract });
    if (exported.kind === 'blocked') return exported;
    const problem = yield* inTurn(context, exported.chunks, (chunk, { digestChunk }) =>
      digestChunk({ migrationId, proof, side, chunk }),
    );
    return problem ?? { kind: 'done', lines: 0 };
  } catch {
    return {
      kind: 'blocked',
      reason: `The ${side} cannot be read for the proof. See the log of the app.`,
    };
  }
}

function digested(context: OrchestrationContext, input: DigestSideInput) {
  return child<DigestSideInput, PartEnding>(context, {
    name: 'digestSide',
    instanceId: childId(context, input.side),
    input,
  });
}
