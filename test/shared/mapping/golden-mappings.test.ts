import { describe, expect, test } from 'vitest';
import { type FhirResource, loadMapFiles, packRoots } from '../../../shared/mapping/index.ts';
import { example, mapsFolder, readJsonIfThere, shippedPack } from './maps-folder.ts';

const pack = await shippedPack(packRoots(await loadMapFiles(mapsFolder), 'all'));

/** What a person reviewed: every column that is not cleared, every child row, the governing patient. */
function mapped(resource: FhirResource) {
  const root = pack.roots.get(resource.resourceType)!;
  const { values, problems, warnings } = root.map(resource);
  return {
    patient: root.patientReference(resource) ?? null,
    columns: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)),
    children: Object.fromEntries(
      root.expansions
        .map((expansion) => [expansion.name, expansion.expand(resource).map((row) => row.values)])
        .filter(([, rows]) => rows?.length !== 0),
    ),
    problems: problems.map(({ column, code }) => `${column}: ${code}`),
    warnings: warnings.map(({ column, code }) => `${column}: ${code}`),
  };
}

describe('official examples map to the rows that were reviewed', () => {
  test.each([
    'Patient-example',
    'Patient-f001',
    'Practitioner-example',
    'Organization-f001',
    'Encounter-f001',
    'Condition-example',
    'Observation-blood-pressure',
    'Observation-f001',
    'AllergyIntolerance-example',
    'Appointment-example',
    'CareTeam-example',
    'MedicationRequest-medrx002',
    'Procedure-example',
  ])('%s', (name) => {
    const golden = readJsonIfThere('test', 'shared', 'mapping', 'golden', `${name}.json`);
    expect(mapped(example(name))).toEqual(golden);
  });

  test('a Synthea-like Encounter keeps class, status and both period columns', () => {
    const row = mapped({
      resourceType: 'Encounter',
      id: 'e',
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject: { reference: 'Patient/p' },
      period: { start: '2015-01-01T01:00:00+01:00', end: '2015-01-01T01:15:00+01:00' },
    });
    expect(row).toMatchObject({
      patient: 'Patient/p',
      problems: [],
      columns: {
        msemr_encounterstatus: 935000005,
        msemr_class: 935000000,
        msemr_encounterclass: 935000002,
        msemr_encounterstartdate: '2015-01-01T00:00:00Z',
        msemr_periodend: '2015-01-01T00:15:00Z',
      },
    });
  });
});
