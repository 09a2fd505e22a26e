import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ColumnValue,
  type FhirResource,
  loadMapFiles,
  packRoots,
  type RootMap,
} from '../../../shared/mapping/index.ts';
import { example, mapsFolder, projectFolder, shippedPack } from './maps-folder.ts';

const pack = await shippedPack(packRoots(await loadMapFiles(mapsFolder), 'all'));
const patient = pack.roots.get('Patient')!;

function examplesOf(root: RootMap): readonly FhirResource[] {
  const folder = join(projectFolder, 'node_modules', 'hl7.fhir.r4.examples');
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${root.resourceType}-`) && file.endsWith('.json'))
    .map((file) => example(file.replace(/\.json$/, '')))
    .filter((resource) => resource.resourceType === root.resourceType);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

function emptyParts(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const parts = Object.values(value);
  return parts.reduce<number>((sum, part) => sum + emptyParts(part), parts.length === 0 ? 1 : 0);
}

describe('lens laws, for every shipped map over the official examples', () => {
  test.each([...pack.roots.values()].map((root) => [root.name, root] as const))(
    '%s: putting the columns that a resource shows changes nothing',
    (_name, root) => {
      for (const resource of examplesOf(root)) {
        const { values } = root.map(resource);
        const result = root.writeback.put(deepFreeze(resource), values);
        expect(result).toEqual({ resource, changed: [], refused: [] });
        expect(result.resource).toBe(resource);
      }
    },
  );

  test.each([...pack.roots.values()].map((root) => [root.name, root] as const))(
    '%s: a column that was put is what the new resource shows, and the rest is as it was',
    (_name, root) => {
      const resources = examplesOf(root).map(deepFreeze);
      const donors = resources.map((resource) => root.map(resource).values);
      const column = fc.constantFrom(...root.writeback.columns);
      let put = 0;
      fc.assert(
        fc.property(
          fc.constantFrom(...resources),
          fc.constantFrom(...donors),
          column,
          (resource, donor, name) => {
            const wanted = donor[name]!;
            const result = root.writeback.put(resource, { [name]: wanted });
            if (result.refused.length > 0) {
              expect(result).toMatchObject({ resource, changed: [] });
              return;
            }
            put += result.changed.length;
            const again = root.writeback.put(result.resource, { [name]: wanted });
            expect(again).toEqual({ resource: result.resource, changed: [], refused: [] });
            const shown = root.map(result.resource).values[name];
            expect(plain(shown)).toEqual(plain(wanted));
            for (const element of Object.keys(resource)) {
              const untouched = !result.changed.includes(element);
              if (untouched) expect(result.resource[element]).toBe(resource[element]);
            }
            expect(emptyParts(result.resource)).toBe(emptyParts(resource));
          },
        ),
        { numRuns: 200 },
      );
      if (resources.length > 5) expect(put).toBeGreaterThan(0);
    },
  );

  function plain(value: ColumnValue | undefined): unknown {
    if (typeof value !== 'object' || value === null) return value;
    return value.kind === 'concept' ? [value.system, value.code] : [value.resourceType, value.id];
  }
});

describe('an edit in Dataverse', () => {
  const resource = deepFreeze(example('Patient-example'));
  const put = (changes: Readonly<Record<string, ColumnValue>>) =>
    patient.writeback.put(resource, changes);

  test('replaces the element that the column shows', () => {
    const result = put({ lastname: 'Smith', birthdate: '1975-01-02', gendercode: 2 });
    expect(result).toMatchObject({ changed: ['name', 'gender', 'birthDate'], refused: [] });
    expect(result.resource).toMatchObject({ gender: 'female', birthDate: '1975-01-02' });
    const [official, ...others] = result.resource['name'] as { family?: string }[];
    expect(official).toMatchObject({ use: 'official', family: 'Smith', given: ['Peter', 'James'] });
    expect(others).toEqual((resource['name'] as unknown[]).slice(1));
  });

  test('adds an element that is found again by the same path', () => {
    const result = put({ emailaddress1: 'peter@example.org' });
    const telecom = result.resource['telecom'] as unknown[];
    expect(telecom.at(-1)).toEqual({ system: 'email', use: 'home', value: 'peter@example.org' });
    expect(telecom.slice(0, -1)).toEqual(resource['telecom']);
  });

  test('that clears a column removes the element, and what it leaves empty', () => {
    const result = put({ msemr_managingorganization: null, birthdate: null });
    expect([...result.changed].sort()).toEqual(['birthDate', 'managingOrganization']);
    expect('managingOrganization' in result.resource).toBe(false);
  });

  test('of a coded choice replaces the whole concept, so that no display belies the code', () => {
    const married = {
      ...resource,
      maritalStatus: { coding: [{ code: 'M', display: 'Married' }], text: 'Getrouwd' },
    };
    const result = patient.writeback.put(married, { familystatuscode: 4 });
    expect(result.resource['maritalStatus']).toEqual({
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'W' }],
    });
  });

  test('never carries a default outwards', () => {
    const nameless: FhirResource = { resourceType: 'Patient', id: '1' };
    expect(patient.map(nameless).values['lastname']).toBe('(no family name)');
    expect(patient.writeback.put(nameless, patient.map(nameless).values).changed).toEqual([]);
  });

  test('that FHIR cannot hold in one place is refused by name and changes nothing', () => {
    const result = put({ middlename: 'Jim Bob', gendercode: 99, nosuchcolumn: 'x' });
    expect(result.resource).toBe(resource);
    expect(result.refused.map(({ column, code }) => [column, code])).toEqual([
      ['middlename', 'not-writable'],
      ['gendercode', 'not-writable'],
      ['nosuchcolumn', 'not-writable'],
    ]);
    expect(JSON.stringify(result.refused)).not.toContain('Jim');
  });

  test('never moves a resource to another patient', () => {
    const condition = pack.roots.get('Condition')!;
    const { columns } = condition.writeback;
    expect(columns).toContain('msemr_clinicalstatus');
    expect(columns).not.toContain('msemr_subjecttypepatient');
  });
});
