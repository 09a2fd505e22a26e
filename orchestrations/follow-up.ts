import type { Activities } from '../activities/index.ts';
import type { ParkedChange } from '../shared/ledger/index.ts';
import type { OutcomeCounts } from '../shared/outcomes/index.ts';
import type { ResyncPatientInput, ResyncPatientOutput } from './resync-patient.ts';
import { remoteCall } from './retry.ts';
import {
  child,
  type Orchestration,
  type OrchestrationContext,
  type Step,
  stepsOf,
} from './steps.ts';
import type { SyncChangesInput } from './sync-changes.ts';

export interface FollowUp {
  readonly input: SyncChangesInput;
  /** Changes that were parked in this set and need not wait after all. */
  readonly ready: readonly ParkedChange[];
  readonly created: readonly string[];
  readonly consentTurns: readonly string[];
}

/** What a finished change set sets off: changes that waited for its rows, and turns of consent. */
export function* followUp(context: OrchestrationContext, work: FollowUp): Orchestration<void> {
  const steps = stepsOf<Activities>(context, remoteCall);
  const { instanceId } = context.df;
  const { waiters } =
    work.created.length > 0
      ? yield* steps.claimWaiters({ instanceId, references: work.created })
      : { waiters: [] };
  const released = [...work.ready, ...waiters];
  for (let start = 0; start < released.length; start += setSize) {
    yield* release(context, { ...work, start, released: released.slice(start, start + setSize) });
  }
  if (work.consentTurns.length === 0) return;
  const { withdraw, backfill } = yield* steps.reviewPatients({ patients: work.consentTurns });
  const { retry } = work.input;
  for (const patient of withdraw) yield* turn(context, { patient, direction: 'withdraw', retry });
  for (const patient of backfill) yield* turn(context, { patient, direction: 'backfill', retry });
}

/** Changes handled by one child; keeps histories small. */
const setSize = 100;

interface Release {
  readonly input: SyncChangesInput;
  readonly released: readonly ParkedChange[];
  readonly start: number;
}

function release(
  context: OrchestrationContext,
  { input, released, start }: Release,
): Step<OutcomeCounts> {
  const changes = [...new Map(released.map(({ change }) => [change.changeId, change])).values()];
  return child<SyncChangesInput, OutcomeCounts>(context, {
    name: 'syncChanges',
    instanceId: `${context.df.instanceId}:release-${start}`,
    input: {
      changes,
      released,
      retry: input.retry,
      set: {
        cause: 'release',
        receivedAt: context.df.currentUtcDateTime.toISOString(),
        received: 0,
        echoes: 0,
        quarantined: 0,
        ignored: 0,
        taken: { parked: changes.length, rejected: 0 },
      },
    },
  });
}

function turn(context: OrchestrationContext, input: ResyncPatientInput): Step<ResyncPatientOutput> {
  const { instanceId } = context.df;
  return child<ResyncPatientInput, ResyncPatientOutput>(context, {
    name: 'resyncPatient',
    instanceId: `${instanceId}:${input.direction}-${input.patient.replace('/', '-')}`,
    input,
  });
}
