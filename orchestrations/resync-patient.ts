import type { Activities } from '../activities/index.ts';
import type { OutcomeCounts } from '../shared/outcomes/index.ts';
import { childId } from './child-id.ts';
import { remoteCall } from './retry.ts';
import { child, inputOf, type Orchestration, type OrchestrationContext, stepsOf } from './steps.ts';
import type { RetryRule, SyncChangesInput } from './sync-changes.ts';

export interface ResyncPatientInput {
  /** `Patient/id` */
  readonly patient: string;
  readonly direction: 'withdraw' | 'backfill';
  readonly retry: RetryRule;
  readonly packHash: string;
}

export interface ResyncPatientOutput {
  readonly patient: string;
  readonly direction: 'withdraw' | 'backfill';
  /** Rows taken back, or changes gone through. */
  readonly count: number;
}

/** Changes handled by one child; keeps histories small. */
const setSize = 100;

/**
 * A turn of consent. Refused: take back what was sent. Permitted: bring what was
 * held back, through the same change sync as every other change, gate included.
 */
export function* resyncPatient(context: OrchestrationContext): Orchestration<ResyncPatientOutput> {
  const { patient, direction, retry, packHash } = inputOf<ResyncPatientInput>(context);
  const steps = stepsOf<Activities>(context, remoteCall);

  if (direction === 'withdraw') {
    const { rows } = yield* steps.withdrawPatient({ patient, packHash });
    return { patient, direction, count: rows.length };
  }
  // Forgotten first: what consent holds back on the way marks the patient anew.
  yield* steps.clearWithheld({ patient });
  const { changes } = yield* steps.findCompartment({
    patient,
    pass: context.df.instanceId,
    packHash,
  });
  for (let start = 0; start < changes.length; start += setSize) {
    const some = changes.slice(start, start + setSize);
    yield* backfill(context, { changes: some, start, retry, packHash });
  }
  return { patient, direction, count: changes.length };
}

function backfill(
  context: OrchestrationContext,
  {
    start,
    ...part
  }: Pick<SyncChangesInput, 'changes' | 'retry' | 'packHash'> & { readonly start: number },
) {
  return child<SyncChangesInput, OutcomeCounts>(context, {
    name: 'syncChanges',
    instanceId: childId(context, `part-${start}`),
    input: {
      ...part,
      set: {
        cause: 'backfill',
        receivedAt: context.df.currentUtcDateTime.toISOString(),
        received: part.changes.length,
        echoes: 0,
        quarantined: 0,
        ignored: 0,
        taken: { parked: 0, rejected: 0 },
      },
    },
  });
}
