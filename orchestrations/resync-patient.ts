import type { Activities, CompartmentPlace } from '../activities/index.ts';
import { type OutcomeCounts, referenceOf } from '../shared/outcomes/index.ts';
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
  /** What earlier generations came to; absent at the beginning. */
  readonly progress?: Progress;
}

export interface ResyncPatientOutput {
  readonly patient: string;
  readonly direction: 'withdraw' | 'backfill';
  /** Rows taken back, or changes gone through. */
  readonly count: number;
}

interface Progress {
  readonly count: number;
  /** How far the compartment is gone through; absent while rows that point to the contact are left. */
  readonly compartment?: { readonly from?: CompartmentPlace };
}

/** Changes handled by one child; keeps histories small. */
const setSize = 100;

/**
 * A turn of consent. Refused: take back what was sent, first by the rows that point
 * to the contact, then by what FHIR says is about the patient, so that it reaches
 * what they share with others. Permitted: bring what was held back, through the same
 * change sync as every other change, gate included. A part of it to a generation:
 * a history stays small however much there is of a patient.
 */
export function* resyncPatient(context: OrchestrationContext): Orchestration<ResyncPatientOutput> {
  const input = inputOf<ResyncPatientInput>(context);
  const { patient, direction } = input;
  const { count, next } = yield* (direction === 'withdraw' ? withdraw : backfill)(context, input);
  if (next !== undefined) context.df.continueAsNew({ ...input, progress: { ...next, count } });
  return { patient, direction, count };
}

interface PartDone {
  readonly count: number;
  readonly next?: Pick<Progress, 'compartment'>;
}

function* withdraw(
  context: OrchestrationContext,
  { patient, packHash, progress = { count: 0 } }: ResyncPatientInput,
): Orchestration<PartDone> {
  const steps = stepsOf<Activities>(context, remoteCall);
  let { count, compartment } = progress;
  if (compartment === undefined) {
    const { rows, more } = yield* steps.withdrawPatient({ patient, packHash });
    count += rows.length;
    if (more) return { count, next: {} };
    compartment = {};
  }
  const found = yield* steps.findCompartment({
    ...{ patient, packHash, pass: context.df.instanceId },
    ...compartment,
  });
  const { rows } = yield* steps.withdrawRows({
    references: found.changes.map(referenceOf),
    packHash,
  });
  return { count: count + rows.length, ...following(found.next) };
}

function* backfill(
  context: OrchestrationContext,
  { patient, packHash, retry, progress = { count: 0 } }: ResyncPatientInput,
): Orchestration<PartDone> {
  const steps = stepsOf<Activities>(context, remoteCall);
  const { count, compartment } = progress;
  // Forgotten first: what consent holds back on the way marks the patient anew.
  if (compartment === undefined) yield* steps.clearWithheld({ patient });
  const { changes, next } = yield* steps.findCompartment({
    ...{ patient, packHash, pass: context.df.instanceId },
    ...compartment,
  });
  for (let start = 0; start < changes.length; start += setSize) {
    const some = changes.slice(start, start + setSize);
    yield* syncPart(context, { changes: some, start: count + start, retry, packHash });
  }
  return { count: count + changes.length, ...following(next) };
}

const following = (from: CompartmentPlace | undefined): Pick<PartDone, 'next'> =>
  from === undefined ? {} : { next: { compartment: { from } } };

function syncPart(
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
