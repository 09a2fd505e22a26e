import type { Activities } from '../activities/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { ChangeSetRecord, Chapter, ParkedChange } from '../shared/ledger/index.ts';
import {
  type ChangeOutcome,
  countOutcomes,
  type OutcomeCounts,
  settleChanges,
} from '../shared/outcomes/index.ts';
import { followUp } from './follow-up.ts';
import { remoteCall } from './retry.ts';
import { roundsUntilDone } from './rounds.ts';
import { inputOf, type Orchestration, type OrchestrationContext, stepsOf } from './steps.ts';

/** A change set: 1 to 100 changes that are handled together, and where they came from. */
export interface SyncChangesInput {
  readonly changes: readonly Change[];
  /** What the intake counted; the counts of outcomes are added at the end. */
  readonly set: Omit<ChangeSetRecord, 'counts' | 'identifiers' | 'closed' | 'instanceId'>;
  readonly retry: RetryRule;
  /** The pack of the moment when it was started: an edit of the maps never changes work under way. */
  readonly packHash: string;
  /** Waiting changes that this set took over. */
  readonly released?: readonly ParkedChange[];
  /** Dead letters that this set tries again. */
  readonly redriven?: readonly Chapter[];
}

export interface RetryRule {
  readonly firstSeconds: number;
  readonly maxSeconds: number;
  readonly attempts: number;
}

/**
 * A change in FHIR becomes the right rows in Dataverse. Single changes that fail
 * are tried again with growing pauses; what is left becomes a dead letter. Every
 * change ends in exactly one outcome, recorded before anything follows from it.
 */
export function* syncChanges(context: OrchestrationContext): Orchestration<OutcomeCounts> {
  const input = inputOf<SyncChangesInput>(context);
  const steps = stepsOf<Activities>(context, remoteCall);
  const { instanceId } = context.df;

  const { endings, awaited, consentTurns } = yield* roundsUntilDone(context, input);
  const outcomes = settleChanges(input.changes, endings);
  const at = context.df.currentUtcDateTime.toISOString();
  const parked = outcomes.filter(({ kind }) => kind === 'parked');
  const { ready } =
    parked.length > 0
      ? yield* steps.parkChanges({ instanceId, parked, since: at, packHash: input.packHash })
      : { ready: [] };
  const counts = countOutcomes(outcomes);
  yield* steps.recordOutcomes({
    instanceId,
    at,
    outcomes,
    record: {
      ...input.set,
      instanceId,
      counts,
      identifiers: identifiersIn(outcomes),
      closed: true,
    },
    released: input.released ?? [],
    redriven: input.redriven ?? [],
  });
  yield* followUp(context, { input, ready, awaited, consentTurns });
  return counts;
}

const identifiersIn = (outcomes: readonly ChangeOutcome[]): number =>
  outcomes.filter(({ identifierVersion }) => identifierVersion !== undefined).length;
