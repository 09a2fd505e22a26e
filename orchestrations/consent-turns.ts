import type { Activities } from '../activities/index.ts';
import { childId } from './child-id.ts';
import type { ResyncPatientInput, ResyncPatientOutput } from './resync-patient.ts';
import { remoteCall } from './retry.ts';
import {
  all,
  child,
  type Orchestration,
  type OrchestrationContext,
  type Step,
  stepsOf,
} from './steps.ts';
import type { RetryRule } from './sync-changes.ts';

export interface ConsentTurns {
  /** Patients whose Consent changed, `Patient/id`. */
  readonly patients: readonly string[];
  readonly retry: RetryRule;
  readonly packHash: string;
  /** Beginning of the children's names, their own for each time that this is done. */
  readonly part?: string;
}

/** What turns of consent ask for, one child each: withdrawals first. */
export function* turnsOf(
  context: OrchestrationContext,
  { patients, retry, packHash, part = '' }: ConsentTurns,
): Orchestration<readonly Step<ResyncPatientOutput>[]> {
  if (patients.length === 0) return [];
  const { reviewPatients } = stepsOf<Activities>(context, remoteCall);
  const { withdraw, backfill } = yield* reviewPatients({ patients, packHash });
  const turn = (direction: ResyncPatientInput['direction']) => (patient: string) => {
    const instanceId = childId(context, `${part}${direction}-${patient}`);
    const input: ResyncPatientInput = { patient, direction, retry, packHash };
    return child<ResyncPatientInput, ResyncPatientOutput>(context, {
      name: 'resyncPatient',
      instanceId,
      input,
    });
  };
  return [...withdraw.map(turn('withdraw')), ...backfill.map(turn('backfill'))];
}

/** Carries out turns of consent that need not wait; false when they have to be tried again later. */
export function* turnConsent(
  context: OrchestrationContext,
  turns: ConsentTurns,
): Orchestration<boolean> {
  try {
    yield* all(context, yield* turnsOf(context, turns));
    return true;
  } catch {
    return false;
  }
}
