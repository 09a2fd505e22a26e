import { type FhirResource, isRecord, parseReference, referenceText } from '../fhir/index.ts';

/**
 * Where R4 resources name the patient they are about, most telling first: the elements behind the
 * patient compartment (FHIR R4 CompartmentDefinition/patient).
 */
const subjects = [
  ...['patient', 'subject', 'beneficiary', 'individual', 'for', 'candidate'],
  ...['policyHolder', 'subscriber', 'subjectReference', 'deliverFor'],
];

/** Lists of participants, in which any entry may be a patient. */
const participants = [
  ...['participant', 'actor', 'member', 'link', 'target', 'focus', 'agent', 'entity', 'recipient'],
];

/**
 * Elements by which the compartment takes in a patient's part in a record. They count only when
 * nothing else names a patient: better to ask for the consent of the writer than for nobody's.
 */
const contributors = [
  ...['source', 'author', 'sender', 'performer', 'recorder', 'asserter', 'requester', 'receiver'],
  ...['payor', 'payee', 'attester'],
];

/** Elements inside a list entry that hold its reference. */
const roles = [
  ...['actor', 'entity', 'member', 'target', 'other', 'who', 'what', 'individual', 'party'],
];

/**
 * Every patient that a resource is about, as `Patient/{id}`, the main one first. Consent has to be
 * asked for each. Empty for resources outside the patient compartment.
 */
export function patientsOf(resource: FhirResource, fhirBase?: string): readonly string[] {
  if (resource.resourceType === 'Patient') {
    const { id } = resource;
    return id === undefined ? [] : [referenceText({ resourceType: 'Patient', id })];
  }
  const named = [...subjects, ...participants].flatMap((name) =>
    patientsIn(resource[name], fhirBase),
  );
  return named.length > 0
    ? [...new Set(named)]
    : [...new Set(contributors.flatMap((name) => patientsIn(resource[name], fhirBase)))];
}

/** The main patient that a resource is about, as `Patient/{id}`. */
export function patientOf(resource: FhirResource, fhirBase?: string): string | undefined {
  return patientsOf(resource, fhirBase)[0];
}

function patientsIn(element: unknown, fhirBase: string | undefined): readonly string[] {
  if (element === undefined) {
    return [];
  }
  return listOf(element)
    .flatMap((entry) => [entry, ...roles.flatMap((role) => listOf(memberOf(entry, role)))])
    .map((candidate) => memberOf(candidate, 'reference'))
    .filter((reference) => typeof reference === 'string')
    .map((reference) => parseReference(reference, fhirBase))
    .filter((reference) => reference?.resourceType === 'Patient')
    .map((reference) => reference && referenceText(reference))
    .filter((text) => text !== undefined);
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}
