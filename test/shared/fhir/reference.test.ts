import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReference, referenceText } from '../../../shared/fhir/index.ts';

const base = 'https://f.example/r4';

test.each([
  'Patient/1',
  'Patient/1/_history/2',
  'https://f.example/r4/Patient/1',
  'https://f.example/r4/Patient/1/_history/2',
  'https://F.EXAMPLE:443/r4/Patient/1',
])('%s is Patient/1', (reference) => {
  expect(parseReference(reference, base)).toEqual({ resourceType: 'Patient', id: '1' });
  expect(parseReference(reference, `${base}/`)).toEqual({ resourceType: 'Patient', id: '1' });
});

test.each([
  '',
  '#contained',
  'Patient',
  'Patient/',
  '/Patient/1',
  'patient/1',
  'Patient/..',
  'Patient/a b',
  'Patient/1/name',
  'Patient/1/_history',
  'Patient/1/_history/',
  'Patient/1/_history/2/3',
  'Patient?identifier=urn:x|1',
  'Patient/1?x=2',
  'Patient/1#name',
  'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0',
  'urn:oid:1.2.3',
  'http://f.example/r4/Patient/1',
  'https://f.example/r5/Patient/1',
  'https://f.example/r4x/Patient/1',
  'https://other.example/r4/Patient/1',
  'https://f.example/r4/Patient/1?x=2',
  'https://f.example/r4/Patient/1#name',
  `Patient/${'x'.repeat(65)}`,
])('%j is no reference to a resource of ours', (reference) => {
  expect(parseReference(reference, base)).toBeUndefined();
});

test('without a base, absolute references are nobody knows whose', () => {
  expect(parseReference('https://f.example/r4/Patient/1')).toBeUndefined();
});

describe('laws', () => {
  const reference = fc.record({
    resourceType: fc.stringMatching(/^[A-Z][A-Za-z]{1,20}$/),
    id: fc.stringMatching(/^[A-Za-z0-9-][A-Za-z0-9.-]{0,40}$/),
  });

  test('writing and reading a reference gives it back', () => {
    fc.assert(
      fc.property(reference, (each) => {
        expect(parseReference(referenceText(each))).toEqual(each);
        expect(parseReference(`${base}/${referenceText(each)}`, base)).toEqual(each);
      }),
    );
  });

  test('any text is read without an error, and what is read names a path of its own', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        const read = parseReference(text, base);
        if (read !== undefined) {
          const { pathname } = new URL(referenceText(read), `${base}/`);
          expect(pathname).toBe(`/r4/${referenceText(read)}`);
        }
      }),
    );
  });
});
