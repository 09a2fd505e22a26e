import type { Resource } from '@medplum/fhirtypes';
import { openChart, visit } from './chart.ts';
import { type ConsentDecision, consent, consentDecision } from './consent.ts';
import { seedOf } from './identity.ts';
import { laboratoryOf, socialHistoryOf, vitalSignsOf } from './observations.ts';
import { patient } from './patient.ts';
import { type Random, seededRandom } from './random.ts';
import type { Identified } from './resource.ts';
import { type SharedResources, sharedResources } from './shared-resources.ts';
import { allergyOf, careOf, diagnosisOf, immunizationOf, procedureOf } from './treatment.ts';

export interface SeedPatient {
  readonly patientId: string;
  /** What the patient's Consent says; `absent` patients have none. */
  readonly consent: ConsentDecision;
  /** The Patient, the Consent, then the clinical resources, each after what it refers to. */
  readonly resources: readonly Identified<Resource>[];
}

/**
 * Invented patients with about 40 to 70 resources each. The same seed gives the
 * same bytes, and patient number n is the same however many are asked for.
 * They refer to the resources of `generateShared` with the same seed.
 */
export function* generatePatients(options: {
  readonly patients: number;
  readonly seed: number;
}): Generator<SeedPatient> {
  const shared = sharedResources(options.seed);
  for (let index = 0; index < options.patients; index += 1) {
    yield seedPatient(options.seed, index, shared);
  }
}

function seedPatient(seed: number, index: number, shared: SharedResources): SeedPatient {
  const random = seededRandom(seedOf(seed, index));
  const person = patient({ seed, index, random, shared });
  const decision = consentDecision(index);
  return {
    patientId: person.id,
    consent: decision,
    resources: [
      person,
      ...(decision === 'absent' ? [] : [consent(person.id, decision)]),
      ...clinicalResources(person.id, random, shared),
    ],
  };
}

function clinicalResources(
  patientId: string,
  random: Random,
  shared: SharedResources,
): Identified<Resource>[] {
  const chart = openChart(patientId, random, shared);
  const first = visit(chart, random.whole(1_200, 1_500));
  const later = times(random.whole(3, 5), (number) =>
    visit(chart, 1_000 - number * 200 + random.whole(0, 150)),
  );
  const visits = [first, ...later];
  const someVisit = () => random.pick([first, ...later]);
  const [mainCondition, mainPrescription] = diagnosisOf(chart, first);
  return [
    ...visits.map(({ encounter }) => encounter),
    mainCondition,
    mainPrescription,
    ...times(random.whole(1, 3), () => diagnosisOf(chart, someVisit())).flat(),
    ...visits.flatMap((one) => vitalSignsOf(chart, one)),
    ...socialHistoryOf(chart, first),
    ...times(2, () => laboratoryOf(chart, someVisit())).flat(),
    ...times(random.whole(1, 3), () => procedureOf(chart, someVisit())),
    ...times(random.whole(0, 2), () => allergyOf(chart)),
    ...times(random.whole(3, 5), () => immunizationOf(chart, someVisit())),
    ...careOf(chart, first, mainCondition),
  ];
}

function times<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => make(number));
}
