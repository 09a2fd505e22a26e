import { AppError } from '../shared/errors.ts';
import { type FhirResource, isRecord, type ReadResult } from '../shared/fhir/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import { partsOf } from './resources.ts';

export interface ReviewPatientsInput {
  /** Patients whose Consent changed, `Patient/id`. */
  readonly patients: readonly string[];
}

export interface ReviewPatientsOutput {
  /** Refused now. */
  readonly withdraw: readonly string[];
  /** Permitted now (wholly or partly), and something was held back before, or some rows may have to go. */
  readonly backfill: readonly string[];
}

/**
 * Decides what a turn of consent means for patients. A refusal withdraws, whether or
 * not the contact is there: rows may be left of a map that is disabled, or of what the
 * patient shares with others. Whoever had data held back, or has a Consent that may
 * speak of some resources only, is gone through once more, resource by resource.
 * @throws AppError FHIR_UNAVAILABLE while a patient or a Consent cannot be read
 */
export async function reviewPatients(
  deps: ActivityDependencies,
  { patients }: ReviewPatientsInput,
): Promise<ReviewPatientsOutput> {
  const [consents, bodies] = await Promise.all([
    readConsents(deps, patients),
    deps.fhir.readCurrent(patients.map(partsOf)),
  ]);
  const withdraw: string[] = [];
  const backfill: string[] = [];
  for (const [index, patient] of patients.entries()) {
    const resource = bodyOf(patient, bodies[index]);
    const refused = decide(deps, { patient, resource, wishes: { consents } }).kind === 'deny';
    if (refused) withdraw.push(patient);
    else if (
      (consents.get(patient) ?? []).some(speaksOfSome) ||
      (await deps.ledger.withheldPatients.isMarked(patient))
    ) {
      backfill.push(patient);
    }
  }
  return { withdraw, backfill };
}

/** What is known of a patient. A turn of consent must not get lost because the patient cannot be read yet. */
function bodyOf(patient: string, read: ReadResult | undefined): FhirResource {
  if (read === undefined || read.kind === 'failed') {
    throw new AppError('FHIR_UNAVAILABLE', 'a patient could not be read yet', {
      details: { patient },
    });
  }
  return read.kind === 'current' ? read.resource : partsOf(patient);
}

/** Elements by which a provision speaks of some resources and not of others (FHIR R4 Consent). */
const narrowing = ['provision', 'class', 'code', 'data', 'dataPeriod', 'securityLabel'];

function speaksOfSome(consent: FhirResource): boolean {
  const provision = consent['provision'];
  return isRecord(provision) && narrowing.some((element) => element in provision);
}
