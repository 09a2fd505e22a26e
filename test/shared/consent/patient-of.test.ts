import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { patientOf, patientsOf } from '../../../shared/consent/index.ts';
import { type FhirResource, isFhirResource } from '../../../shared/fhir/index.ts';

const patient = { reference: 'Patient/1' };

test.each<[string, Record<string, unknown>]>([
  ['Patient', { id: '1' }],
  ['Observation', { subject: patient }],
  ['AllergyIntolerance', { patient }],
  ['Coverage', { beneficiary: patient, payor: [{ reference: 'Patient/2' }] }],
  ['ResearchSubject', { individual: patient }],
  ['Task', { for: patient }],
  ['EnrollmentRequest', { candidate: patient }],
  ['Account', { subject: [{ reference: 'Device/d' }, patient] }],
  [
    'Appointment',
    { participant: [{ actor: { reference: 'Practitioner/p' } }, { actor: patient }] },
  ],
  ['AppointmentResponse', { actor: patient }],
  ['Schedule', { actor: [patient] }],
  ['Group', { member: [{ entity: patient }] }],
  ['Person', { link: [{ target: patient }] }],
  ['Provenance', { target: [patient] }],
  ['AuditEvent', { agent: [{ who: patient }] }],
])('%s names its patient', (resourceType, elements) => {
  expect(patientOf({ resourceType, ...elements })).toBe('Patient/1');
});

test.each<[string, FhirResource]>([
  ['a resource about nobody', { resourceType: 'Organization', id: 'o' }],
  ['another kind of subject', { resourceType: 'Observation', subject: { reference: 'Group/1' } }],
  ['a contained patient', { resourceType: 'Observation', subject: { reference: '#p' } }],
  ['an identifier', { resourceType: 'Observation', subject: { identifier: { value: '1' } } }],
  [
    'a patient of another service',
    { resourceType: 'Observation', subject: { reference: 'https://x.org/Patient/1' } },
  ],
  [
    'malformed elements',
    { resourceType: 'Observation', subject: 'Patient/1', patient: null, participant: [null, 7] },
  ],
  ['a patient without id', { resourceType: 'Patient' }],
])('%s gives no patient', (_, resource) => {
  expect(patientOf(resource)).toBeUndefined();
});

test('an absolute reference to our own service is understood', () => {
  const resource = {
    resourceType: 'Observation',
    subject: { reference: 'https://f.example/r4/Patient/1' },
  };
  expect(patientOf(resource, 'https://f.example/r4')).toBe('Patient/1');
});

test('a patient who wrote a record counts only when it names no other', () => {
  const written = { resourceType: 'Composition', author: [patient] };
  expect(patientsOf(written)).toEqual(['Patient/1']);
  expect(patientsOf({ ...written, subject: { reference: 'Patient/2' } })).toEqual(['Patient/2']);
});

test('all patients of a resource are given, the main one first, each once', () => {
  const resource = {
    resourceType: 'Appointment',
    participant: [{ actor: patient }, { actor: { reference: 'Patient/2' } }, { actor: patient }],
  };
  expect(patientsOf(resource)).toEqual(['Patient/1', 'Patient/2']);
});

const compartment = new Set([
  ...['Account', 'AdverseEvent', 'AllergyIntolerance', 'Appointment', 'AppointmentResponse'],
  ...['BodyStructure', 'CarePlan', 'CareTeam', 'ChargeItem', 'Claim', 'ClaimResponse'],
  ...['ClinicalImpression', 'Communication', 'CommunicationRequest', 'Composition', 'Condition'],
  ...['Consent', 'Coverage', 'CoverageEligibilityRequest', 'CoverageEligibilityResponse'],
  ...['DetectedIssue', 'DeviceRequest', 'DeviceUseStatement', 'DiagnosticReport'],
  ...['DocumentManifest', 'DocumentReference', 'Encounter', 'EpisodeOfCare', 'EnrollmentRequest'],
  ...['ExplanationOfBenefit', 'FamilyMemberHistory', 'Flag', 'Goal', 'ImagingStudy'],
  ...['Immunization', 'ImmunizationEvaluation', 'ImmunizationRecommendation', 'Invoice', 'List'],
  ...['MeasureReport', 'Media', 'MedicationAdministration', 'MedicationDispense'],
  ...['MedicationRequest', 'MedicationStatement', 'MolecularSequence', 'NutritionOrder'],
  ...['Observation', 'Procedure', 'QuestionnaireResponse', 'RelatedPerson', 'RequestGroup'],
  ...['ResearchSubject', 'RiskAssessment', 'Schedule', 'ServiceRequest', 'Specimen'],
  ...['SupplyDelivery', 'SupplyRequest', 'Task', 'VisionPrescription'],
]);

describe('over the official R4 examples', () => {
  const folder = dirname(
    createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'),
  );
  const examples = readdirSync(folder)
    .filter((name) => compartment.has(name.split('-')[0] ?? ''))
    .map((name): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8')))
    .filter(isFhirResource);

  test('whenever a top-level element of a resource refers to a patient, a patient is found', () => {
    const missed = examples
      .filter((example) => mentionsPatient(example) && patientOf(example) === undefined)
      .map(({ resourceType, id }) => `${resourceType}/${id}`);
    expect(examples.length).toBeGreaterThan(400);
    expect(missed).toEqual([]);
  });

  function mentionsPatient(example: FhirResource): boolean {
    return Object.values(example).some((element) =>
      [element].flat().some((value) => isPatientReference(value)),
    );
  }

  function isPatientReference(value: unknown): boolean {
    return (
      typeof value === 'object' &&
      value !== null &&
      'reference' in value &&
      typeof value.reference === 'string' &&
      /^Patient\/[A-Za-z0-9.-]+$/.test(value.reference)
    );
  }
});
