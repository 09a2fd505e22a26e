import {
  type ConsentDecision,
  consentRequestResource,
  evaluateConsent,
  patientsOf,
} from '../shared/consent/index.ts';
import type { FhirResource } from '../shared/fhir/index.ts';
import { fhirKey, rootQuery, rowsOf, syncFlagColumn } from '../shared/rows/index.ts';
import type { ActivityDependencies, MaplessDependencies } from './dependencies.ts';
import { partsOf } from './resources.ts';

/** Patients asked for in one Consent search; keeps the URL short. */
const patientsPerSearch = 40;

/** What is known now of some patients' wishes. */
export interface PatientWishes {
  readonly consents: ReadonlyMap<string, readonly FhirResource[]>;
  /** Patients whose contact row has the switch at No. */
  readonly switchedOff: ReadonlySet<string>;
}

/** Reads Consents and sync flags of patients, now: never from an event, never from a cache. */
export async function readWishes(
  deps: ActivityDependencies,
  patients: readonly string[],
): Promise<PatientWishes> {
  const [consents, switchedOff] = await Promise.all([
    readConsents(deps, patients),
    readSwitchedOff(deps, patients),
  ]);
  return { consents, switchedOff };
}

/** The active Consents of each patient, as the FHIR service has them now. */
export async function readConsents(
  { fhir, fhirUrl }: MaplessDependencies,
  patients: readonly string[],
): Promise<ReadonlyMap<string, readonly FhirResource[]>> {
  const found = new Map<string, FhirResource[]>(patients.map((patient) => [patient, []]));
  for (let start = 0; start < patients.length; start += patientsPerSearch) {
    const some = patients.slice(start, start + patientsPerSearch);
    const parameters = [
      ['patient', some.join(',')],
      ['status', 'active'],
      ['_count', '200'],
    ] as const;
    for await (const consent of fhir.search('Consent', parameters)) {
      for (const patient of patientsOf(consent, fhirUrl)) found.get(patient)?.push(consent);
    }
  }
  return found;
}

async function readSwitchedOff(
  { dataverse, pack }: ActivityDependencies,
  patients: readonly string[],
): Promise<ReadonlySet<string>> {
  const root = pack.roots.get('Patient');
  if (root === undefined || patients.length === 0) return new Set();
  const ids = patients.map((patient) => partsOf(patient).id);
  const query = rootQuery(root, ids, [syncFlagColumn]);
  const [result] = await dataverse.execute([query]);
  const off = rowsOf(result).filter(({ values }) => values[syncFlagColumn] === false);
  const keys = new Set(off.map(({ values }) => String(values[root.idColumn])));
  return new Set(patients.filter((patient) => keys.has(fhirKey(partsOf(patient).id))));
}

/** What we do with data, in the terms of a Consent: disclose it to another system. */
const sendingIt = 'http://terminology.hl7.org/CodeSystem/consentaction|disclose';

/** Whether this resource may be in Dataverse, by the wishes of its patient. */
export function decide(
  deps: MaplessDependencies,
  question: {
    readonly patient: string;
    readonly resource: FhirResource;
    readonly wishes: Pick<PatientWishes, 'consents'>;
  },
): ConsentDecision {
  const { recipients, purposes, policy } = deps.consent;
  return evaluateConsent(
    question.wishes.consents.get(question.patient) ?? [],
    {
      patient: question.patient,
      recipients,
      purposes,
      action: sendingIt,
      fhirBase: deps.fhirUrl,
      resource: consentRequestResource(question.resource),
      at: deps.now().toISOString(),
    },
    policy,
  );
}
