import type { Activities } from '../activities/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { ChangeSetRecord, Chapter, ParkedChange } from '../shared/ledger/index.ts';
import {
  type ChangeOutcome,
  countOutcomes,
  type OutcomeCounts,
  type ResourceEnding,
  referenceOf,
  settleChanges,
} from '../shared/outcomes/index.ts';
import { followUp } from './follow-up.ts';
import { remoteCall } from './retry.ts';
import { inputOf, type Orchestration, type OrchestrationContext, pause, stepsOf } from './steps.ts';
import { syncRound } from './sync-round.ts';

/** A change set: 1 to 100 changes that are handled together, and where they came from. */
export interface SyncChangesInput {
  readonly changes: readonly Change[];
  /** What the intake counted; the counts of outcomes are added at the end. */
  readonly set: Omit<ChangeSetRecord, 'counts' | 'identifiers' | 'closed' | 'instanceId'>;
  readonly retry: RetryRule;
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

  const { endings, created, consentTurns } = yield* roundsUntilDone(context, input);
  const outcomes = settleChanges(input.changes, endings);
  const at = context.df.currentUtcDateTime.toISOString();
  const parked = outcomes.filter(({ kind }) => kind === 'parked');
  const { ready } =
    parked.length > 0 ? yield* steps.parkChanges({ instanceId, parked, since: at }) : { ready: [] };
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
  yield* followUp(context, { input, ready, created, consentTurns });
  return counts;
}

interface Rounds {
  readonly endings: readonly ResourceEnding[];
  readonly created: readonly string[];
  readonly consentTurns: readonly string[];
}

function* roundsUntilDone(
  context: OrchestrationContext,
  { changes, retry }: SyncChangesInput,
): Orchestration<Rounds> {
  const endings: ResourceEnding[] = [];
  const created = new Set<string>();
  const consentTurns = new Set<string>();
  let open = changes;
  for (let attempt = 1; ; attempt += 1) {
    const round = yield* syncRound(context, open);
    endings.push(...round.endings);
    for (const reference of round.created) created.add(reference);
    for (const patient of round.consentTurns) consentTurns.add(patient);
    if (round.failed.length === 0) break;
    if (attempt >= retry.attempts) {
      endings.push(...round.failed.map(exhausted));
      break;
    }
    const failed = new Set(round.failed.map(({ reference }) => reference));
    open = open.filter((change) => failed.has(referenceOf(change)));
    const asked = round.failed.map(({ retryAfterSeconds }) => retryAfterSeconds ?? 0);
    const own = Math.min(retry.firstSeconds * 2 ** (attempt - 1), retry.maxSeconds);
    yield* pause(context, Math.max(own, ...asked));
  }
  return { endings, created: [...created], consentTurns: [...consentTurns] };
}

const identifiersIn = (outcomes: readonly ChangeOutcome[]): number =>
  outcomes.filter(({ identifierVersion }) => identifierVersion !== undefined).length;

function exhausted({ reference, step }: { readonly reference: string; readonly step: string }) {
  const remedy = `It failed every time at: ${step}. See that FHIR and Dataverse answer, then redrive.`;
  const problem = { cause: 'retries-exhausted', code: 'failed', remedy };
  return { reference, kind: 'rejected', problem } satisfies ResourceEnding;
}
