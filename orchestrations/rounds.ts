import type { Change } from '../shared/events/index.ts';
import { type FailedResource, type ResourceEnding, referenceOf } from '../shared/outcomes/index.ts';
import { type ConsentTurns, turnConsent } from './consent-turns.ts';
import { withEarlier } from './row-endings.ts';
import { type Orchestration, type OrchestrationContext, pause } from './steps.ts';
import type { RetryRule, SyncChangesInput } from './sync-changes.ts';
import { type Found, type RoundWork, type SyncRound, syncRound } from './sync-round.ts';

export interface Handled {
  readonly endings: readonly ResourceEnding[];
  /** Resources that have a row now and that changes wait for. */
  readonly awaited: readonly string[];
  /** Patients whose Consent changed, or was found changed while their rows were written. */
  readonly consentTurns: readonly string[];
}

/**
 * Passes over a change set until each resource has its ending. What failed is
 * gone through again after a pause that grows, or is as long as the other side
 * asked for; what fails every time needs a person.
 */
export function* roundsUntilDone(
  context: OrchestrationContext,
  { changes, retry, packHash }: Pick<SyncChangesInput, 'changes' | 'retry' | 'packHash'>,
): Orchestration<Handled> {
  const found: Found = { awaited: new Set(), consentTurns: new Set() };
  const endings = new Map<string, ResourceEnding>();
  const halfDone = new Map<string, ResourceEnding>();
  let open = changes;
  for (let attempt = 1; ; attempt += 1) {
    const round = yield* guardedRound(context, { changes: open, packHash }, found);
    const failed = failedOf(open, round);
    for (const ending of [...round.endings, ...round.halfDone]) {
      const { reference } = ending;
      const target = failed.has(reference) ? halfDone : endings;
      target.set(reference, withEarlier(ending, halfDone.get(reference)));
    }
    if (failed.size === 0) break;
    if (attempt >= retry.attempts) {
      for (const item of failed.values()) endings.set(item.reference, exhausted(item));
      break;
    }
    open = open.filter((change) => failed.has(referenceOf(change)));
    yield* turnEarly(context, found, { retry, packHash, part: `round-${attempt}-` });
    yield* pause(context, secondsBefore(attempt, retry, [...failed.values()]));
  }
  return {
    endings: [...endings.values()],
    awaited: [...found.awaited],
    consentTurns: [...found.consentTurns],
  };
}

/** A refusal must not wait until the last neighbour of its Consent is through. */
function* turnEarly(
  context: OrchestrationContext,
  { consentTurns }: Found,
  options: Omit<ConsentTurns, 'patients'>,
): Orchestration<void> {
  const done = yield* turnConsent(context, { ...options, patients: [...consentTurns] });
  if (done) consentTurns.clear();
}

/** A step that failed for as long as its retry policy lasts must not leave changes without an ending. */
function* guardedRound(
  context: OrchestrationContext,
  work: RoundWork,
  found: Found,
): Orchestration<SyncRound> {
  try {
    return yield* syncRound(context, work, found);
  } catch {
    return { endings: work.changes.map(stepFailed), halfDone: [], failed: [] };
  }
}

/** What failed, and what no step has answered for: neither may get lost. */
function failedOf(open: readonly Change[], round: SyncRound): ReadonlyMap<string, FailedResource> {
  const answered = new Set(round.endings.map(({ reference }) => reference));
  const failed = new Map(round.failed.map((item) => [item.reference, item]));
  return new Map(
    open.map(referenceOf).flatMap((reference) => {
      if (answered.has(reference) && !failed.has(reference)) return [];
      return [[reference, failed.get(reference) ?? { reference, step: 'no step answered for it' }]];
    }),
  );
}

function secondsBefore(
  attempt: number,
  { firstSeconds, maxSeconds }: RetryRule,
  failed: readonly FailedResource[],
): number {
  const own = Math.min(firstSeconds * 2 ** (attempt - 1), maxSeconds);
  return Math.max(own, ...failed.map(({ retryAfterSeconds }) => retryAfterSeconds ?? 0));
}

function exhausted({ reference, step }: FailedResource): ResourceEnding {
  const remedy = `It failed every time at: ${step}. See that FHIR and Dataverse answer, then redrive.`;
  const problem = { cause: 'retries-exhausted', code: 'failed', remedy };
  return { reference, kind: 'rejected', problem };
}

function stepFailed(change: Change): ResourceEnding {
  const remedy =
    'A step of its change set failed until its retries ran out. See the failed activity in the history of the instance, mend it, then redrive.';
  const problem = { cause: 'step-failed', code: 'failed', remedy };
  return { reference: referenceOf(change), kind: 'rejected', problem };
}
