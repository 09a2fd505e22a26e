import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { daysAgo } from './calendar.ts';
import type { Chart, Visit } from './chart.ts';
import {
  bloodPressure,
  type Measure,
  occupation,
  type Panel,
  panels,
  smoking,
  vitalSigns,
} from './codes.ts';
import {
  type Code,
  concept,
  type Identified,
  quantity,
  referenceTo,
  systems,
  terminology,
} from './resource.ts';

type Category = 'vital-signs' | 'laboratory' | 'social-history';

const categories: Readonly<Record<Category, string>> = {
  'vital-signs': 'Vital Signs',
  laboratory: 'Laboratory',
  'social-history': 'Social History',
};

/** Blood pressure with its two components, and the single vital signs. */
export function vitalSignsOf(chart: Chart, visit: Visit): Identified<Observation>[] {
  const systolic = chart.random.whole(98, 178);
  const diastolic = chart.random.whole(58, Math.min(systolic - 20, 108));
  const part = (code: Code, value: number) => ({
    code: concept(systems.loinc, code),
    valueQuantity: quantity(value, 'mm[Hg]'),
  });
  const pressure: Identified<Observation> = {
    ...observation(chart, visit, { category: 'vital-signs', code: bloodPressure.panel }),
    component: [part(bloodPressure.systolic, systolic), part(bloodPressure.diastolic, diastolic)],
  };
  return [pressure, ...vitalSigns.map((sign) => measured(chart, visit, ['vital-signs', sign]))];
}

/** One laboratory panel: its results and the report that gathers them. */
export function laboratoryOf(
  chart: Chart,
  visit: Visit,
): [...Identified<Observation>[], Identified<DiagnosticReport>] {
  const panel: Panel = chart.random.pick(panels);
  const results = panel.measures.map((one) => measured(chart, visit, ['laboratory', one]));
  const report: Identified<DiagnosticReport> = {
    resourceType: 'DiagnosticReport',
    id: chart.nextId('DiagnosticReport'),
    status: 'final',
    category: [terminology('v2-0074', ['LAB', 'Laboratory'])],
    code: concept(systems.loinc, panel.code),
    subject: chart.subject,
    encounter: referenceTo(visit.encounter),
    effectiveDateTime: daysAgo(visit.days),
    issued: daysAgo(visit.days - 0.25),
    performer: [referenceTo(chart.random.pick(chart.shared.organizations))],
    result: results.map(referenceTo),
  };
  return [...results, report];
}

/** A coded answer (smoking) and a text answer (occupation). */
export function socialHistoryOf(chart: Chart, visit: Visit): Identified<Observation>[] {
  const answer = chart.random.pick(smoking.answers);
  return [
    {
      ...observation(chart, visit, { category: 'social-history', code: smoking.code }),
      valueCodeableConcept: concept(systems.snomed, answer),
    },
    {
      ...observation(chart, visit, { category: 'social-history', code: occupation.code }),
      valueString: chart.random.pick(occupation.answers),
    },
  ];
}

function measured(
  chart: Chart,
  visit: Visit,
  [category, { code, unit, range, digits }]: readonly [Category, Measure],
): Identified<Observation> {
  const [low, high] = range;
  const value = Number((low + chart.random.next() * (high - low)).toFixed(digits));
  return {
    ...observation(chart, visit, { category, code }),
    valueQuantity: quantity(value, unit),
  };
}

function observation(
  chart: Chart,
  { encounter, days }: Visit,
  { category, code }: { readonly category: Category; readonly code: Code },
): Identified<Observation> {
  return {
    resourceType: 'Observation',
    id: chart.nextId('Observation'),
    status: 'final',
    category: [terminology('observation-category', [category, categories[category]])],
    code: concept(systems.loinc, code),
    subject: chart.subject,
    encounter: referenceTo(encounter),
    effectiveDateTime: daysAgo(days - 0.01),
    issued: daysAgo(days - 0.02),
    performer: [chart.practitioner()],
  };
}
