import type { Activities } from '../activities/index.ts';
import type { ParkedChange } from '../shared/ledger/index.ts';
import { childId } from './child-id.ts';
import { turnsOf } from './consent-turns.ts';
import { remoteCall } from './retry.ts';
import {
  all,
  child,
  type Orchestration,
  type OrchestrationContext,
  pause,
  type Step,
  stepsOf,
} from './steps.ts';
import type { SyncChangesInput } from './sync-changes.ts';

export interface FollowUp {
  readonly input: SyncChangesInput;
  /** Changes that were parked in this set and need not wait after all. */
  readonly ready: readonly ParkedChange[];
  readonly awaited: readonly string[];
  readonly consentTurns: readonly string[];
}

/**
 * What a finished change set sets off: turns of consent, and changes that waited
 * for its rows. The children run side by side, so that a withdrawal waits for no
 * slow release and one that fails holds up no other.
 */
export function* followUp(context: OrchestrationContext, work: FollowUp): Orchestration<void> {
  const { retry, packHash } = work.input;
  const turns = yield* turnsOf(context, { patients: work.consentTurns, retry, packHash });
  const releases = yield* releasesOf(context, work);
  yield* all<unknown>(context, [...turns, ...releases]);
}

/** Changes handled by one child. Each comes with what it waited for, so half as many as elsewhere keep messages small. */
const setSize = 50;

function* releasesOf(
  context: OrchestrationContext,
  { input, ready, awaited }: FollowUp,
): Orchestration<readonly Step<unknown>[]> {
  const { claimWaiters } = stepsOf<Activities>(context, remoteCall);
  const { instanceId } = context.df;
  const { waiters } =
    awaited.length > 0 ? yield* claimWaiters({ instanceId, references: awaited }) : { waiters: [] };
  if (isReadyAgain(input, ready)) yield* pause(context, input.retry.maxSeconds);
  const byChange = [...Map.groupBy([...ready, ...waiters], ({ change }) => change.changeId)];
  const releases: Step<unknown>[] = [];
  for (let start = 0; start < byChange.length; start += setSize) {
    const released = byChange.slice(start, start + setSize).flatMap(([, items]) => items);
    releases.push(release(context, { input, released, part: `release-${start}` }));
  }
  return releases;
}

/** Released for a row, parked for the same row, and ready once more: without a pause this could go in circles at full speed. */
function isReadyAgain(
  { released = [] }: SyncChangesInput,
  ready: readonly ParkedChange[],
): boolean {
  const keyOf = ({ change, waitingFor }: ParkedChange) => `${change.changeId} ${waitingFor}`;
  const before = new Set(released.map(keyOf));
  return ready.some((item) => before.has(keyOf(item)));
}

interface Release {
  readonly input: SyncChangesInput;
  readonly released: readonly ParkedChange[];
  readonly part: string;
}

function release(
  context: OrchestrationContext,
  { input: { retry, packHash }, released, part }: Release,
): Step<unknown> {
  const changes = [...new Map(released.map(({ change }) => [change.changeId, change])).values()];
  const input: SyncChangesInput = {
    changes,
    released,
    retry,
    packHash,
    set: {
      cause: 'release',
      receivedAt: context.df.currentUtcDateTime.toISOString(),
      received: 0,
      echoes: 0,
      quarantined: 0,
      ignored: 0,
      taken: { parked: changes.length, rejected: 0 },
    },
  };
  return child(context, { name: 'syncChanges', instanceId: childId(context, part), input });
}
