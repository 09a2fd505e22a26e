import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Differences, planDrillDown, type VersionEntry } from '../../../shared/proof/index.ts';
import { type Brief, differencesOf, digestOf, entry, hashOf, population } from './proof-samples.ts';

const named = ({ listed }: Differences): readonly string[] =>
  listed.map(({ kind, resourceType, id }) => `${kind} ${resourceType}/${id}`).sort();

const between = (
  source: readonly Brief[],
  target: readonly Brief[],
  mode: 'versions' | 'current' = 'versions',
) =>
  differencesOf(
    { source: () => source.map(entry), target: () => target.map(entry) },
    { mode, buckets: 16 },
  );

function* spoilt(entries: Iterable<VersionEntry>): Generator<VersionEntry> {
  for (const one of entries) {
    if (one.id === 'r-50001') yield { ...one, contentHash: hashOf('altered') };
    else if (one.id === 'r-60007') yield { ...one, deleted: false, contentHash: hashOf('alive') };
    else if (one.id !== 'r-70000') yield one;
  }
  yield entry({ type: 'Patient', id: 'intruder' });
}

describe('among 100,000 resources', () => {
  const source = (): Iterable<VersionEntry> => population(100_000);
  const expected = [
    'altered Encounter/r-50001',
    'extra Patient/intruder',
    'missing Observation/r-70000',
    'undeleted Observation/r-60007',
  ];

  it.each(['versions', 'current'] as const)(
    'one altered, one missing, one extra and one undeleted are each named, and nothing else (%s)',
    (mode) => {
      const found = differencesOf({ source, target: () => spoilt(source()) }, { mode });
      expect(named(found)).toEqual(expected);
      expect(found.count).toBe(4);
    },
  );
});

describe('many differences', () => {
  const source = (): Iterable<VersionEntry> => population(20_000);
  const without = (ending: string) =>
    function* (): Generator<VersionEntry> {
      for (const one of source()) if (!one.id.endsWith(ending)) yield one;
    };

  it('are found in passes of bounded size, the same as in one', () => {
    const sides = { source, target: without('199') };
    const passes = planDrillDown(
      digestOf(source(), { buckets: 256 }),
      digestOf(sides.target(), { buckets: 256 }),
      {
        maxEntries: 1_000,
      },
    );
    expect(passes.length).toBeGreaterThan(1);
    expect(Math.max(...passes.map(({ entries }) => entries))).toBeLessThanOrEqual(1_000);
    const small = differencesOf(sides, { buckets: 256 }, { maxEntries: 1_000 });
    expect(small.count).toBe(20);
    expect(small).toEqual(differencesOf(sides, { buckets: 256 }));
  });

  it('are listed up to the cap, and counted beyond it', () => {
    const found = differencesOf({ source, target: without('99') }, {}, { cap: 10 });
    expect(found.listed).toHaveLength(10);
    expect(found.count).toBe(200);
    expect(found.types.reduce((sum, { kinds }) => sum + kinds.missing, 0)).toBe(200);
  });
});

describe('a difference is called what it is', () => {
  const live = { id: 'a', version: '1', at: 1 };
  const tombstone = { id: 'a', version: '2', at: 2, deleted: true, content: 'gone' };

  it.each<[string, readonly Brief[], readonly Brief[], readonly string[]]>([
    ['nothing', [live, tombstone], [tombstone, live], []],
    [
      'a version of several is missing',
      [live, { ...live, version: '2', at: 2 }],
      [live],
      ['missing'],
    ],
    ['a delete that did not arrive', [live, tombstone], [live], ['undeleted']],
    ['a resource that did not arrive at all', [live, tombstone], [], ['missing', 'missing']],
    ['a delete that nobody asked for', [live], [live, tombstone], ['wrongly-deleted']],
    [
      'a tombstone that stands for live content',
      [live],
      [{ ...live, deleted: true }],
      ['wrongly-deleted'],
    ],
    ['another versionId', [live], [{ ...live, version: '9' }], ['version-differs']],
    ['another lastUpdated', [live], [{ ...live, at: 1.001 }], ['moved']],
    ['other content', [live], [{ ...live, content: 'x' }], ['altered']],
    ['the same twice in the target', [live], [live, live], ['duplicate-in-target']],
    ['the same twice in the source', [live, live], [live], ['duplicate-in-source']],
    [
      'one key with two contents',
      [live, { ...live, content: 'x' }],
      [live],
      ['duplicate-in-source'],
    ],
  ])('%s', (_name, source, target, kinds) => {
    expect(between(source, target).listed.map(({ kind }) => kind)).toEqual(kinds);
  });

  it.each<[string, readonly Brief[], readonly Brief[], readonly string[]]>([
    ['a delete that did not arrive', [tombstone], [live], ['undeleted']],
    ['a delete that nobody asked for', [live], [tombstone], ['wrongly-deleted']],
    ['another versionId', [live], [{ ...live, version: '2' }], ['version-differs']],
    ['newer content', [live], [{ ...live, version: '2', at: 2, content: 'x' }], ['altered']],
  ])('of current versions: %s', (_name, source, target, kinds) => {
    expect(between(source, target, 'current').listed.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('a resource in another window than its delete is still told as undeleted', () => {
    const found = differencesOf(
      { source: () => [live, tombstone].map(entry), target: () => [entry(live)] },
      { boundaries: ['2024-01-01T00:00:02Z'] },
    );
    expect(named(found)).toEqual(['undeleted Patient/a']);
  });

  it('what was quarantined is not missing', () => {
    const other = { id: 'b' };
    const found = differencesOf({
      source: () => [live, other, { id: 'c' }].map(entry),
      target: () => [entry(live)],
      excepted: () => [entry(other)],
    });
    expect(named(found)).toEqual(['missing Patient/c']);
  });
});

describe('differences of any two sets', () => {
  const briefs = fc.array(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      version: fc.constantFrom('1', '2', '3'),
      at: fc.constantFrom(1, 2, 3),
      deleted: fc.boolean(),
      content: fc.constantFrom('x', 'y'),
    }),
    { maxLength: 12 },
  );

  it('take every entry into account once, and are none exactly when the sets are equal', () => {
    fc.assert(
      fc.property(
        briefs,
        briefs,
        fc.constantFrom('versions' as const, 'current' as const),
        (a, b, mode) => {
          const found = between(a, b, mode);
          const type = found.types[0] ?? { sourceEntries: 0, targetEntries: 0 };
          expect(a.length - type.sourceEntries).toBe(b.length - type.targetEntries);
          const names = (list: readonly Brief[]) =>
            list
              .map((one) => JSON.stringify(one))
              .sort()
              .join();
          expect(found.count === 0).toBe(names(a) === names(b));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('read backwards are the opposite ones', () => {
    const opposite: Readonly<Record<string, string>> = {
      missing: 'extra',
      extra: 'missing',
      undeleted: 'wrongly-deleted',
      'wrongly-deleted': 'undeleted',
      'duplicate-in-source': 'duplicate-in-target',
      'duplicate-in-target': 'duplicate-in-source',
    };
    const unique = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        deleted: fc.boolean(),
        content: fc.constantFrom('x', 'y'),
      }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(unique, unique, (a, b) => {
        const there = named(between(a, b, 'current'));
        const back = named(between(b, a, 'current')).map((line) =>
          line.replace(/^\S+/, (kind) => opposite[kind] ?? kind),
        );
        expect(back.sort()).toEqual(there);
      }),
    );
  });
});
