import type { Blocked, MigrationActivities } from '../activities/migration/index.ts';
import { childId } from './child-id.ts';
import {
  type GoesOn,
  inGenerations,
  type PartEnding,
  type Progress,
  type Rounds,
} from './generations.ts';
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
import { type Chunks, inTurn } from './waves.ts';

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
  try {
    return yield* inGenerations<ProveEqualityInput>(context, (input, rounds) =>
      provePart(context, input, rounds),
    );
  } catch {
    return { kind: 'blocked', reason: 'The proof failed for a day. See the log of the app.' };
  }
}

function* provePart(
  context: OrchestrationContext,
  { migrationId, proof, done = 0 }: ProveEqualityInput & Progress,
  rounds: Rounds,
): Orchestration<PartEnding | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  const place = { migrationId, proof };
  const begun = yield* steps.beginProof(place);
  if (begun.kind === 'blocked') return begun;
  // Generations are of the references alone: each side has generations of its own.
  const problem =
    (done > 0 ? undefined : yield* compare(context, place)) ??
    (yield* checkReferences(context, place, { count: begun.partitions, done, rounds }));
  if (problem !== undefined) return problem;
  const concluded = yield* steps.concludeProof(place);
  return concluded.kind === 'blocked' ? concluded : { kind: 'done', lines: 0 };
}

function* compare(
  context: OrchestrationContext,
  place: ProveEqualityInput,
): Orchestration<Blocked | undefined> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  const sides = yield* all(context, [
    digested(context, { ...place, side: 'source' }),
    digested(context, { ...place, side: 'target' }),
  ]);
  for (const side of sides) if (side.kind === 'blocked') return side;
  const compared = yield* steps.compareSides(place);
  return compared.kind === 'blocked' ? compared : undefined;
}

/** Where references point is gathered first, partition by partition; then each is looked up. */
function* checkReferences(
  context: OrchestrationContext,
  place: ProveEqualityInput,
  { count: partitions, ...of }: Chunks,
): Orchestration<Blocked | GoesOn | undefined> {
  return yield* inTurn(context, { ...of, count: 2 * partitions }, (nth, steps) =>
    nth <= partitions
      ? steps.gatherReferences({ ...place, partition: nth })
      : steps.checkReferences({ ...place, partition: nth - partitions }),
  );
}

/** One side, exported and digested chunk by chunk. */
export function* digestSide(context: OrchestrationContext): Orchestration<PartEnding> {
  try {
    return yield* inGenerations<DigestSideInput>(context, (input, rounds) =>
      digestPart(context, input, rounds),
    );
  } catch {
    const { side } = inputOf<DigestSideInput>(context);
    return {
      kind: 'blocked',
      reason: `The ${side} cannot be read for the proof. See the log of the app.`,
    };
  }
}

function* digestPart(
  context: OrchestrationContext,
  { migrationId, proof, side, looks = 0, done = 0 }: DigestSideInput & Progress,
  rounds: Rounds,
): Orchestration<PartEnding | GoesOn> {
  const extract = `proof-${proof}-${side}`;
  const exported = yield* runExtract(context, { migrationId, extract, rounds, looks });
  if (exported.kind !== 'ready') return exported;
  const { chunks: count } = exported;
  const problem = yield* inTurn(context, { count, done, rounds }, (chunk, { digestChunk }) =>
    digestChunk({ migrationId, proof, side, chunk }),
  );
  return problem ?? { kind: 'done', lines: 0 };
}

function digested(context: OrchestrationContext, input: DigestSideInput) {
  return child<DigestSideInput, PartEnding>(context, {
    name: 'digestSide',
    instanceId: childId(context, input.side),
    input,
  });
}
