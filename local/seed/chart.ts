import type { Encounter, Patient, Practitioner, Reference, Resource } from '@medplum/fhirtypes';
import { daysAgo } from './calendar.ts';
import { encounterKinds } from './codes.ts';
import { uuidOf } from './identity.ts';
import type { Random } from './random.ts';
import { concept, type Identified, referenceTo, systems } from './resource.ts';
import type { SharedResources } from './shared-resources.ts';

/** What every clinical resource of one patient is written with. */
export interface Chart {
  readonly patientId: string;
  readonly subject: Reference<Patient>;
  readonly random: Random;
  readonly shared: SharedResources;
  /** The id of the patient's next resource of this type. */
  nextId(resourceType: Resource['resourceType']): string;
  practitioner(): Reference<Practitioner>;
}

/** One visit, and how many days before the generator's today it began. */
export interface Visit {
  readonly encounter: Identified<Encounter>;
  readonly days: number;
}

export function openChart(patientId: string, random: Random, shared: SharedResources): Chart {
  const used = new Map<string, number>();
  return {
    patientId,
    subject: { reference: `Patient/${patientId}` },
    random,
    shared,
    nextId(resourceType) {
      const number = used.get(resourceType) ?? 0;
      used.set(resourceType, number + 1);
      return uuidOf(patientId, resourceType, number);
    },
    practitioner: () => referenceTo(random.pick(shared.practitioners)),
  };
}

export function visit(chart: Chart, days: number): Visit {
  const kind = chart.random.pick(encounterKinds);
  const [code, display] = kind.class;
  const encounter: Identified<Encounter> = {
    resourceType: 'Encounter',
    id: chart.nextId('Encounter'),
    status: 'finished',
    class: { system: systems.actCode, code, display },
    type: [concept(systems.snomed, kind.type)],
    subject: chart.subject,
    participant: [{ individual: chart.practitioner() }],
    period: { start: daysAgo(days), end: daysAgo(days - kind.hours / 24) },
    location: [{ location: referenceTo(chart.random.pick(chart.shared.locations)) }],
    serviceProvider: referenceTo(chart.random.pick(chart.shared.organizations)),
  };
  return { encounter, days };
}
