import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  deletedMark,
  historyOf,
  importLines,
  importParameters,
  manifestOf,
  pathOf,
  serveBulk,
  settled,
  startImport,
  upload,
  useStorage,
  version,
} from './bulk-services.ts';
import type { Door } from './running-service.ts';

// Laws over facts/migration.md 2.3: what rule (3) and (5) promise together, and that counts close.

useStorage();

const start = Date.parse('2024-01-01T00:00:00Z');
const instant = (step: number) => new Date(start + step).toISOString();
const ids = ['a', 'b', 'c'];

/** A history whose versions rise with lastUpdated, gaps and deletions included. */
const history = fc.array(
  fc.record({
    gap: fc.integer({ min: 1, max: 3 }),
    wait: fc.integer({ min: 1, max: 5 }),
    isDeleted: fc.boolean(),
    gender: fc.constantFrom('male', 'female'),
  }),
  { maxLength: 5 },
);

function linesOfHistory(id: string, steps: readonly Step[]) {
  let number = 0;
  let time = 0;
  return steps.map(({ gap, wait, isDeleted, gender }) => {
    number += gap;
    time += wait;
    const line = version(id, number, instant(time), isDeleted ? {} : { gender });
    return isDeleted ? { ...line, meta: { ...line.meta, extension: [deletedMark] } } : line;
  });
}

interface Step {
  readonly gap: number;
  readonly wait: number;
  readonly isDeleted: boolean;
  readonly gender: string;
}

async function importFiles(service: Door, files: readonly (readonly unknown[])[]) {
  const urls = await Promise.all(files.map((lines) => upload(lines)));
  const kickOff = await startImport(service, importParameters(urls.map((url) => ({ url }))));
  return manifestOf(await settled(service, pathOf(kickOff)));
}

async function stateOf(service: Door) {
  const versions = await Promise.all(ids.map((id) => historyOf(service, id)));
  const found = await Promise.all(
    ['male', 'female'].map(async (gender) => {
      const { json } = await service.call('GET', `/Patient?gender=${gender}&_sort=_id`);
      return (json.entry ?? []).map(
        ({ resource }) => `${resource!.id}/${resource!.meta!.versionId}`,
      );
    }),
  );
  return { versions, found };
}

test('the same versions in any order and any split into files end in the same state, and again change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(history, history, history),
      fc.infiniteStream(fc.nat()),
      fc.integer({ min: 1, max: 4 }),
      async (histories, numbers, files) => {
        const lines = histories.flatMap((steps, index) => linesOfHistory(ids[index]!, steps));
        if (lines.length === 0) return;
        const ordered = await serveBulk();
        await importLines(ordered, lines);
        const keyed = lines.map((line) => ({ line, key: numbers.next().value! }));
        const shuffled = keyed.toSorted((left, right) => left.key - right.key);
        const split = Array.from({ length: files }, (_, file) =>
          shuffled.filter(({ key }) => key % files === file).map(({ line }) => line),
        );
        const service = await serveBulk();
        expect((await importFiles(service, split)).error).toEqual([]);
        const state = await stateOf(service);
        expect(state).toEqual(await stateOf(ordered));
        expect((await importFiles(service, [lines])).error).toEqual([]);
        expect(await stateOf(service)).toEqual(state);
        await service.close();
        await ordered.close();
      },
    ),
    { numRuns: 12 },
  );
});

const anyLine = fc.record({
  id: fc.constantFrom(...ids),
  versionId: fc.option(fc.integer({ min: -2, max: 4 }), { nil: undefined }),
  step: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  gender: fc.constantFrom('male', 'female'),
});

type AnyLine = typeof anyLine extends fc.Arbitrary<infer Line> ? Line : never;

/**
 * Versions that run against their instants are refused by what is beside them in a batch; the
 * service takes some of them when what was beside them is there already (rule 4).
 */
const rises = (lines: readonly AnyLine[]): boolean =>
  lines.every((one) =>
    lines.every(
      (other) =>
        one.id !== other.id ||
        isUnplaced(one) ||
        isUnplaced(other) ||
        Math.sign(one.step! - other.step!) === Math.sign(one.versionId! - other.versionId!),
    ),
  );
const isUnplaced = ({ versionId, step }: AnyLine): boolean =>
  versionId === undefined || step === undefined;

test('whatever a file holds, counts close, and importing it again changes nothing where versions rise', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyLine, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (drawn, valueBoolean) => {
        const lines = drawn.map(({ id, versionId, step, gender }) =>
          version(id, versionId, step === undefined ? undefined : instant(step), { gender }),
        );
        const allowNegative = [{ name: 'allowNegativeVersions', valueBoolean }];
        const service = await serveBulk();
        const first = await importLines(service, lines, allowNegative);
        expect(first.count + first.causes.length).toBe(lines.length);
        const state = await stateOf(service);
        const second = await importLines(service, lines, allowNegative);
        expect(second.count + second.causes.length).toBe(lines.length);
        if (rises(drawn)) expect(await stateOf(service)).toEqual(state);
        await service.close();
      },
    ),
    { numRuns: 20 },
  );
});
