import type {
  AllergyIntolerance,
  CarePlan,
  CareTeam,
  Condition,
  Immunization,
  MedicationRequest,
  Procedure,
  Resource,
} from '@medplum/fhirtypes';
import { dateDaysAgo, daysAgo } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import {
  allergies,
  careActivities,
  type Diagnosis,
  diagnoses,
  procedures,
  reactions,
  vaccines,
} from './codes.ts';
import { concept, type Identified, referenceTo, systems, terminology } from './resource.ts';

/** A condition coded in SNOMED CT and ICD-10-CM, and the prescription that follows from it. */
export function diagnosisOf(
  chart: Chart,
  visit: Visit,
): [Identified<Condition>, Identified<MedicationRequest>] {
  const diagnosis = chart.random.pick(diagnoses);
  const found = condition(chart, visit, diagnosis);
  return [found, prescription(chart, visit, [diagnosis, found])];
}

function condition(
  chart: Chart,
  { encounter, days }: Visit,
  diagnosis: Diagnosis,
): Identified<Condition> {
  const resolved = chart.random.chance(0.2);
  const coded = concept(systems.snomed, diagnosis.snomed);
  const [icdCode, icdDisplay] = diagnosis.icd10;
  const icd10 = { system: systems.icd10, code: icdCode, display: icdDisplay };
  return {
    resourceType: 'Condition',
    id: chart.nextId('Condition'),
    clinicalStatus: terminology(
      'condition-clinical',
      resolved ? ['resolved', 'Resolved'] : ['active', 'Active'],
    ),
    verificationStatus: terminology('condition-ver-status', ['confirmed', 'Confirmed']),
    category: [terminology('condition-category', ['problem-list-item', 'Problem List Item'])],
    code: { ...coded, coding: [...(coded.coding ?? []), icd10] },
    subject: chart.subject,
    encounter: referenceTo(encounter),
    onsetDateTime: dateDaysAgo(days + chart.random.whole(0, 60)),
    ...(resolved ? { abatementDateTime: dateDaysAgo(days - 1) } : {}),
    recordedDate: dateDaysAgo(days),
    recorder: chart.practitioner(),
  };
}

function prescription(
  chart: Chart,
  { encounter, days }: Visit,
  [{ medication }, reason]: readonly [Diagnosis, Identified<Condition>],
): Identified<MedicationRequest> {
  const frequency = chart.random.whole(1, 3);
  return {
    resourceType: 'MedicationRequest',
    id: chart.nextId('MedicationRequest'),
    status: chart.random.pick(['active', 'active', 'completed', 'stopped']),
    intent: 'order',
    medicationCodeableConcept: concept(systems.rxnorm, medication),
    subject: chart.subject,
    encounter: referenceTo(encounter),
    authoredOn: daysAgo(days - 0.03),
    requester: chart.practitioner(),
    reasonReference: [referenceTo(reason)],
    dosageInstruction: [
      {
        sequence: 1,
        text: `${frequency} × daily`,
        asNeededBoolean: false,
        timing: { repeat: { frequency, period: 1, periodUnit: 'd' } },
        doseAndRate: [{ doseQuantity: { value: 1 } }],
      },
    ],
  };
}

export function allergyOf(chart: Chart): Identified<AllergyIntolerance> {
  return {
    resourceType: 'AllergyIntolerance',
    id: chart.nextId('AllergyIntolerance'),
    clinicalStatus: terminology('allergyintolerance-clinical', ['active', 'Active']),
    verificationStatus: terminology('allergyintolerance-verification', ['confirmed', 'Confirmed']),
    type: 'allergy',
    category: [chart.random.pick(['food', 'medication', 'environment'])],
    criticality: chart.random.pick(['low', 'high', 'unable-to-assess']),
    code: concept(systems.snomed, chart.random.pick(allergies)),
    patient: chart.subject,
    recordedDate: dateDaysAgo(chart.random.whole(100, 2_000)),
    reaction: [
      {
        manifestation: [concept(systems.snomed, chart.random.pick(reactions))],
        severity: chart.random.pick(['mild', 'moderate', 'severe']),
      },
    ],
  };
}

export function procedureOf(chart: Chart, { encounter, days }: Visit): Identified<Procedure> {
  return {
    resourceType: 'Procedure',
    id: chart.nextId('Procedure'),
    status: 'completed',
    code: concept(systems.snomed, chart.random.pick(procedures)),
    subject: chart.subject,
    encounter: referenceTo(encounter),
    performedPeriod: { start: daysAgo(days - 0.02), end: daysAgo(days - 0.03) },
    performer: [{ actor: chart.practitioner() }],
    location: referenceTo(chart.random.pick(chart.shared.locations)),
  };
}

export function immunizationOf(chart: Chart, { encounter, days }: Visit): Identified<Immunization> {
  return {
    resourceType: 'Immunization',
    id: chart.nextId('Immunization'),
    status: 'completed',
    vaccineCode: concept(systems.cvx, chart.random.pick(vaccines)),
    patient: chart.subject,
    encounter: referenceTo(encounter),
    occurrenceDateTime: daysAgo(days - 0.02),
    primarySource: true,
    lotNumber: `LOT${chart.random.whole(1_000, 9_999)}`,
    performer: [{ actor: chart.practitioner() }],
  };
}

/** The team that cares for the patient and the plan it follows for one condition. */
export function careOf(
  chart: Chart,
  { encounter, days }: Visit,
  addressed: Identified<Condition>,
): Identified<Resource>[] {
  const period = { start: dateDaysAgo(days) };
  const role = concept(systems.snomed, ['59058001', 'General physician']);
  const team: Identified<CareTeam> = {
    resourceType: 'CareTeam',
    id: chart.nextId('CareTeam'),
    status: 'active',
    name: 'Primary care team',
    subject: chart.subject,
    encounter: referenceTo(encounter),
    period,
    participant: [
      { role: [role], member: chart.practitioner() },
      { role: [concept(systems.snomed, ['116154003', 'Patient'])], member: chart.subject },
    ],
    managingOrganization: [referenceTo(chart.random.pick(chart.shared.organizations))],
  };
  const activity = chart.random.pick(careActivities);
  const plan: Identified<CarePlan> = {
    resourceType: 'CarePlan',
    id: chart.nextId('CarePlan'),
    text: {
      status: 'generated',
      div: '<div xmlns="http://www.w3.org/1999/xhtml">Care plan &amp; activities</div>',
    },
    status: 'active',
    intent: 'plan',
    category: [
      concept('http://hl7.org/fhir/us/core/CodeSystem/careplan-category', [
        ...(['assess-plan', 'Assessment and Plan of Treatment'] as const),
      ]),
    ],
    title: 'Self-management plan',
    subject: chart.subject,
    encounter: referenceTo(encounter),
    period,
    careTeam: [referenceTo(team)],
    addresses: [referenceTo(addressed)],
    activity: [
      {
        detail: {
          code: concept(systems.snomed, activity),
          status: 'in-progress',
          description: activity[1],
        },
      },
    ],
  };
  return [team, plan];
}
