import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVersionCache } from '../../../shared/fhir/index.ts';

const version = (id: string, versionId = '1') => ({ resourceType: 'Patient', id, versionId });
const body = (id: string, size = 0) => ({ resourceType: 'Patient', id, note: 'x'.repeat(size) });
const one = Buffer.byteLength(JSON.stringify(body('a')));

test('a body is kept under its type, id and version', () => {
  const cache = createVersionCache({ maxBytes: 1000 });
  cache.put(version('a', '1'), body('a'));
  expect(cache.get(version('a', '1'))).toEqual(body('a'));
  expect(cache.get(version('a', '2'))).toBeUndefined();
  expect(cache.get({ ...version('a'), resourceType: 'Person' })).toBeUndefined();
});

test('the least recently used body goes first', () => {
  const cache = createVersionCache({ maxBytes: 2 * one });
  cache.put(version('a'), body('a'));
  cache.put(version('b'), body('b'));
  cache.get(version('a'));
  cache.put(version('c'), body('c'));
  expect(cache.get(version('b'))).toBeUndefined();
  expect(cache.get(version('a'))).toBeDefined();
  expect(cache.get(version('c'))).toBeDefined();
});

test('a body larger than the cache is not kept and pushes nothing out', () => {
  const cache = createVersionCache({ maxBytes: 2 * one });
  cache.put(version('a'), body('a'));
  cache.put(version('huge'), body('huge', 10 * one));
  expect(cache.get(version('huge'))).toBeUndefined();
  expect(cache.get(version('a'))).toBeDefined();
});

test('text counts in bytes, not in characters', () => {
  const cache = createVersionCache({ maxBytes: 1000 });
  cache.put(version('a'), { resourceType: 'Patient', note: '€'.repeat(100) });
  expect(cache.bytes).toBeGreaterThan(300);
});

test('whatever is put, the size stays in bounds and is the sum of what is held', () => {
  const puts = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), size: fc.nat(400) }));
  fc.assert(
    fc.property(puts, fc.nat(600), (list, maxBytes) => {
      const cache = createVersionCache({ maxBytes });
      for (const { id, size } of list) {
        cache.put(version(id), body(id, size));
        expect(cache.bytes).toBeLessThanOrEqual(maxBytes);
      }
      const held = ['a', 'b', 'c', 'd'].map((id) => cache.get(version(id)));
      const sizes = held.map((each) => (each ? Buffer.byteLength(JSON.stringify(each)) : 0));
      expect(cache.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    }),
  );
});
