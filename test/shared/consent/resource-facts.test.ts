import fc from 'fast-check';
import { expect, test } from 'vitest';
import { consentRequestResource } from '../../../shared/consent/index.ts';

test('a resource becomes what consents can ask about', () => {
  const facts = consentRequestResource({
    resourceType: 'Observation',
    id: 'o1',
    meta: {
      security: [{ system: 'urn:s', code: 'R' }, { code: 'PSY' }, { display: 'no code' }],
      profile: ['http://x.org/p'],
    },
    code: { coding: [{ system: 'http://loinc.org', code: '1' }], text: 'one' },
    component: [{ code: { coding: [{ system: 'http://loinc.org', code: '2' }] } }],
    subject: { reference: 'Patient/1' },
    performer: [{ reference: 'Practitioner/2' }],
    effectiveDateTime: '2026-01-02',
  });
  expect({
    ...facts,
    codes: facts.codes?.toSorted(),
    references: facts.references?.toSorted(),
  }).toEqual({
    resourceType: 'Observation',
    reference: 'Observation/o1',
    codes: ['http://loinc.org|1', 'http://loinc.org|2', 'urn:s|R'],
    labels: ['urn:s|R', 'PSY'],
    profiles: ['http://x.org/p'],
    date: '2026-01-02',
    references: ['Patient/1', 'Practitioner/2'],
    authors: ['Practitioner/2'],
  });
});

test.each([
  [
    'an instant',
    { resourceType: 'Observation', effectiveInstant: '2026-01-02T03:04:05Z' },
    '2026-01-02T03:04:05Z',
  ],
  [
    'a period',
    { resourceType: 'Procedure', performedPeriod: { start: '2026', end: '2027' } },
    '2026/2027',
  ],
  ['a period without end', { resourceType: 'Encounter', period: { start: '2026' } }, '2026/'],
  ['a period without start', { resourceType: 'Encounter', period: { end: '2026' } }, '/2026'],
  [
    'when it happened before when it was written down',
    { resourceType: 'Condition', recordedDate: '2026', onsetDateTime: '2020' },
    '2020',
  ],
  ['when it was written down', { resourceType: 'Condition', recordedDate: '2026' }, '2026'],
  ['nothing', { resourceType: 'Patient', birthDate: '1970-01-01' }, undefined],
])('the date of a resource: %s', (_, resource, date) => {
  expect(consentRequestResource(resource).date).toBe(date);
});

test('codes are unknown when the main concept is only text, and empty when there is none', () => {
  const worded = { resourceType: 'Condition', code: { text: 'in words' } };
  expect(consentRequestResource(worded)).not.toHaveProperty('codes');
  expect(consentRequestResource({ resourceType: 'Patient' }).codes).toEqual([]);
});

test('a coding outside of a concept is found', () => {
  const encounter = { resourceType: 'Encounter', class: { system: 'urn:act', code: 'AMB' } };
  expect(consentRequestResource(encounter).codes).toEqual(['urn:act|AMB']);
});

test('any content, however deep or long, is read without an error', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), (elements) => {
      const facts = consentRequestResource({
        ...elements,
        resourceType: 'Basic',
        id: 'b',
        meta: {},
      });
      expect(facts.reference).toBe('Basic/b');
    }),
  );
  let deep: Record<string, unknown> = { reference: 'Patient/deep' };
  for (let level = 0; level < 50_000; level += 1) {
    deep = { deep };
  }
  const long = Array.from({ length: 300_000 }, () => 0);
  expect(consentRequestResource({ resourceType: 'Basic', deep, long }).references).toEqual([
    'Patient/deep',
  ]);
});
