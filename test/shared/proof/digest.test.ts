import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareDigests,
  createDigest,
  type Digest,
  type DigestSettings,
  digestRoots,
  joinWindows,
  mergeDigests,
  readDigest,
  subtractDigest,
  type VersionEntry,
  writeDigest,
} from '../../../shared/proof/index.ts';
import { digestOf, entry, hashOf, instant } from './proof-samples.ts';

const anyEntry: fc.Arbitrary<VersionEntry> = fc
  .record({
    type: fc.constantFrom('Patient', 'Encounter', 'Observation'),
    id: fc.stringMatching(/^[a-z0-9]{1,3}$/),
    version: fc.constantFrom('1', '2', '3'),
    at: fc.integer({ min: 0, max: 1_000 }),
    deleted: fc.boolean(),
    content: fc.constantFrom('a', 'b', 'c'),
  })
  .map(entry);
const anyEntries = fc.array(anyEntry, { maxLength: 60 });
const anySettings: fc.Arbitrary<Partial<DigestSettings>> = fc.record(
  {
    mode: fc.constantFrom('versions', 'current'),
    buckets: fc.constantFrom(1, 2, 16, 1_024),
    boundaries: fc.constantFrom([], [instant(500)], [instant(100), instant(101), instant(900)]),
    salt: fc.constantFrom('', '00', 'ab12'.repeat(16)),
  },
  { requiredKeys: [] },
);
const bytesOf = (digest: Digest): string => writeDigest(digest).toString('hex');

describe('a digest', () => {
  it('does not depend on the order of feeding', () => {
    fc.assert(
      fc.property(
        anyEntries,
        anySettings,
        fc.infiniteStream(fc.nat()),
        (entries, settings, keys) => {
          const shuffled = entries
            .map((one) => ({ one, key: keys.next().value ?? 0 }))
            .sort((left, right) => left.key - right.key)
            .map(({ one }) => one);
          expect(bytesOf(digestOf(shuffled, settings))).toBe(bytesOf(digestOf(entries, settings)));
        },
      ),
    );
  });

  it('of parts merges to that of the whole, whichever the parts and their order', () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, anyEntries, anySettings, (a, b, c, settings) => {
        const [x, y, z] = [digestOf(a, settings), digestOf(b, settings), digestOf(c, settings)];
        const whole = bytesOf(digestOf([...a, ...b, ...c], settings));
        expect(bytesOf(mergeDigests([mergeDigests([x, y]), z]))).toBe(whole);
        expect(bytesOf(mergeDigests([z, mergeDigests([y, x])]))).toBe(whole);
      }),
    );
  });

  it('less a part is that of the rest', () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, anySettings, (rest, part, settings) => {
        const whole = digestOf([...rest, ...part], settings);
        const left = subtractDigest(whole, digestOf(part, settings));
        expect(bytesOf(left)).toBe(bytesOf(digestOf(rest, settings)));
      }),
    );
  });

  it('less what it does not hold is refused', () => {
    const whole = digestOf([entry({ id: 'a' })]);
    expect(() => subtractDigest(whole, digestOf([entry({ id: 'b' })]))).toThrow(
      /no part of the whole/,
    );
  });

  it('survives being stored, and a torn or altered store is refused', () => {
    fc.assert(
      fc.property(anyEntries, anySettings, fc.nat(), (entries, settings, at) => {
        const digest = digestOf(entries, settings);
        const bytes = writeDigest(digest);
        expect(digestRoots(readDigest(bytes))).toEqual(digestRoots(digest));
        expect(readDigest(bytes).deleted()).toBe(digest.deleted());
        const torn = Buffer.from(bytes);
        const place = at % torn.length;
        torn[place] = (torn[place] ?? 0) ^ 1;
        expect(() => readDigest(torn)).toThrow(/cannot be read/);
        expect(() => readDigest(bytes.subarray(0, place))).toThrow(/cannot be read/);
      }),
    );
  });

  it('of two different sets is different, in its root too', () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, (a, b) => {
        const names = (entries: readonly VersionEntry[]) =>
          entries
            .map((one) => JSON.stringify(one))
            .sort()
            .join();
        const same = names(a) === names(b);
        const [left, right] = [digestOf(a), digestOf(b)];
        expect(compareDigests(left, right).kind).toBe(same ? 'equal' : 'different');
        expect(digestRoots(left).root === digestRoots(right).root).toBe(same);
      }),
    );
  });

  const one = { id: 'a', at: 5 };
  it.each([
    ['another content', { ...one, content: 'x' }],
    ['another id', { ...one, id: 'b' }],
    ['another type', { ...one, type: 'Group' }],
    ['another version', { ...one, version: '2' }],
    ['a millisecond', { ...one, at: 5.001 }],
    ['a delete', { ...one, deleted: true }],
  ])('tells %s', (_name, other) => {
    const comparison = compareDigests(digestOf([entry(one)]), digestOf([entry(other)]));
    expect(comparison.kind).toBe('different');
  });

  it('takes what is finer than a millisecond, and the way a zone is written, for nothing', () => {
    const at = (lastUpdated: string) => digestOf([{ ...entry({ id: 'a' }), lastUpdated }]);
    const exact = at('2024-05-06T07:08:09.123Z');
    expect(compareDigests(exact, at('2024-05-06T07:08:09.1239999+00:00')).kind).toBe('equal');
    expect(compareDigests(exact, at('2024-05-06T09:08:09.123+02:00')).kind).toBe('equal');
  });

  it('tells the same entry twice from once', () => {
    const twice = digestOf([entry(one), entry(one)]);
    expect(twice.count).toBe(2);
    expect(compareDigests(digestOf([entry(one)]), twice)).toMatchObject({
      kind: 'different',
      buckets: [{ type: 'Patient', window: 0, sourceCount: 1, targetCount: 2 }],
    });
  });

  it('without versions looks at the content of current ones only', () => {
    const settings = { mode: 'current', countVersions: false } as const;
    const left = digestOf([entry({ id: 'a', version: '7', at: 3 })], settings);
    const right = digestOf([entry({ id: 'a', version: '1', at: 900 })], settings);
    expect(compareDigests(left, right).kind).toBe('equal');
  });

  it('sorts entries into windows; a boundary belongs to the later one', () => {
    const digest = createDigest({ boundaries: [instant(10), instant(20)] });
    for (const at of [0, 9.999, 10, 19, 20, 500]) digest.add(entry({ id: `at-${at}`, at }));
    digest.add({ ...entry({ id: 'none' }), lastUpdated: undefined });
    expect([0, 1, 2].map((window) => digest.countOf('Patient', window))).toEqual([3, 2, 2]);
  });

  it('of windows made apart joins to that of all of them', () => {
    const boundaries = [instant(10), instant(20)];
    const entries = [0, 5, 10, 15, 25].map((at) => entry({ id: `at-${at}`, at }));
    const settings = { buckets: 64 };
    const parts = [entries.slice(0, 2), entries.slice(2, 4), entries.slice(4)].map((part) =>
      digestOf(part, settings),
    );
    expect(bytesOf(joinWindows(parts, boundaries))).toBe(
      bytesOf(digestOf(entries, { ...settings, boundaries })),
    );
    expect(() => joinWindows(parts, [])).toThrow(/one boundary/);
  });

  it('refuses what it cannot count', () => {
    expect(() => createDigest({ buckets: 3 })).toThrow(/power of two/);
    expect(() => createDigest({ boundaries: [instant(5), instant(5)] })).toThrow(/later than/);
    expect(() => createDigest({ boundaries: ['yesterday'] })).toThrow(/instants/);
    expect(() => createDigest({ salt: 'xyz' })).toThrow(/hexadecimal/);
    expect(() => createDigest({ countVersions: false })).toThrow(/current only/);
    expect(() => createDigest().add({ ...entry({ id: 'a' }), lastUpdated: 'today' })).toThrow(
      /Patient\/a is no FHIR instant/,
    );
    expect(() => mergeDigests([createDigest(), createDigest({ salt: '00' })])).toThrow(
      /different settings/,
    );
  });

  it('has the root that docs/certificate.md says, computed by hand', () => {
    const salt = '0102';
    const only = entry({ id: 'a', at: 1 });
    const sum = Buffer.from(
      hashOf(`${salt} Patient/a 1 1704067201000 live ${only.contentHash}`),
      'hex',
    );
    const sha = (...parts: readonly (Buffer | number[])[]) =>
      Buffer.from(hashOf(Buffer.concat(parts.map((part) => Buffer.from(part)))), 'hex');
    const leaf = sha([0], [0, 0, 0, 0, 0, 0, 0, 1], sum);
    const window = sha([2], [0], leaf);
    const type = sha([3], Buffer.from('Patient\n'), [0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1], window);
    expect(digestRoots(digestOf([only], { salt })).root).toBe(sha([4], type).toString('hex'));
  });
});
