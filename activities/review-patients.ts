import { AppError } from '../shared/errors.ts';
import { type FhirResource, isRecord, type ReadResult } from '../shared/fhir/index.ts';
import { fhirKey, rootQuery, rowsOf } from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import { partsOf } from './resources.ts';

export interface ReviewPatientsInput {
  /** Patients whose Consent changed, `Patient/id`. */
  readonly patients: readonly string[];
}

export interface ReviewPatientsOutput {
  /** Refused now, and rows are there. */
  readonly withdraw: readonly string[];
  /** Permitted now (wholly or partly), and something was held back before, or rows may have to go. */
  readonly backfill: readonly string[];
}

/**
 * Decides what a turn of consent means for patients. A refusal with rows in
 * Dataverse withdraws. Whoever had data held back, or has rows and a Consent that
 * may speak of some resources only, is gone through once more, resource by resource.
 * @throws AppError FHIR_UNAVAILABLE while a patient or a Consent cannot be read
 */
export async function reviewPatients(
  deps: ActivityDependencies,
  { patients }: ReviewPatientsInput,
): Promise<ReviewPatientsOutput> {
  const [consents, withRows, bodies] = await Promise.all([
    readConsents(deps, patients),
    patientsWithRows(deps, patients),
    deps.fhir.readCurrent(patients.map(partsOf)),
  ]);
  const withdraw: string[] = [];
  const backfill: string[] = [];
  for (const [index, patient] of patients.entries()) {
    const resource = bodyOf(patient, bodies[index]);
    const refused = decide(deps, { patient, resource, wishes: { consents } }).kind === 'deny';
    if (refused && withRows.has(patient)) withdraw.push(patient);
    const partly = withRows.has(patient) && (consents.get(patient) ?? []).some(speaksOfSome);
    const marked = partly || (await deps.ledger.withheldPatients.isMarked(patient));
    if (!refused && marked) backfill.push(patient);
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

async function patientsWithRows(
  { dataverse, pack }: ActivityDependencies,
  patients: readonly string[],
): Promise<ReadonlySet<string>> {
  const root = pack.roots.get('Patient');
  if (root === undefined) return new Set();
  const ids = patients.map((patient) => partsOf(patient).id);
  const [result] = await dataverse.execute([rootQuery(root, ids, [])]);
  const keys = new Set(rowsOf(result).map(({ values }) => String(values[root.idColumn])));
  return new Set(patients.filter((patient) => keys.has(fhirKey(partsOf(patient).id))));
}
