import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailedResource, ResourceEnding } from '../../shared/outcomes/index.ts';
import { outcomeKinds, referenceOf } from '../../shared/outcomes/index.ts';
import {
  allGoesWell,
  change,
  fails,
  inputFor,
  runSync,
  type Script,
  writtenRow,
} from './scripted-activities.ts';

/** What one step says of one resource: it goes on, ends, fails, or is left out of the answer. */
type Fate = 'on' | 'ended' | 'failed' | 'forgotten';

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>('on') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('ended', 'failed', 'forgotten') },
);

const references = ['Patient/a', 'Patient/b', 'Observation/c', 'Encounter/d'];

type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

const world = fc.record({
  changes: fc.array(fc.tuple(fc.constantFrom(...references), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
    maxLength: 8,
  }),
  /** Consumed one by one, in the order in which steps ask. */
  fates: fc.infiniteStream(fate),
  kinds: fc.infiniteStream(fc.constantFrom(...outcomeKinds)),
  throws: fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
});

function scriptOf({ fates, kinds, throws }: World): Script {
  const next = <T>(stream: Iterator<T>): T => stream.next().value as T;
  const sort = (asked: readonly string[]) => {
    const sorted = {
      on: [] as string[],
      ended: [] as ResourceEnding[],
      failed: [] as FailedResource[],
    };
    for (const reference of asked) {
      const decided = next(fates);
      if (decided === 'on') sorted.on.push(reference);
      if (decided === 'ended') sorted.ended.push({ reference, kind: next(kinds) });
      if (decided === 'failed') sorted.failed.push({ reference, step: 'a step' });
    }
    return sorted;
  };
  const sometimesThrows = () => {
    if (next(throws) === 0) fails();
  };
  return {
    readChanges: ({ changes }) => {
      sometimesThrows();
      const { on, ...rest } = sort([...new Set(changes.map(referenceOf))]);
      const gone = on.filter((reference) => reference.startsWith('Encounter/'));
      const current = allGoesWell.readChanges({ changes }).current;
      return {
        ...rest,
        gone,
        current: current.filter(
          ({ reference }) => on.includes(reference) && !gone.includes(reference),
        ),
        consentTurns: [],
      };
    },
    removeRows: ({ references: asked }) => {
      const { on, ended, failed } = sort(asked);
      return {
        failed,
        ended: [...ended, ...on.map((reference) => ({ reference, kind: 'removed' as const }))],
      };
    },
    decideConsent: ({ resources }) => {
      sometimesThrows();
      const { on, ...rest } = sort(resources.map(({ reference }) => reference));
      const permitted = resources
        .filter(({ reference }) => on.includes(reference))
        .map((resource) => ({ ...resource, patients: ['Patient/a'] }));
      return { ...rest, permitted, refused: rest.ended.map(({ reference }) => reference) };
    },
    upsertRows: ({ resources }) => {
      const { on, ...rest } = sort(resources.map(({ reference }) => reference));
      const expansions =
        on.length === 0 ? [] : [{ expansion: 'names', resourceType: '', references: on }];
      return { ...rest, written: on.map(writtenRow), expansions, awaited: on };
    },
    expandRows: ({ rows }) => {
      sometimesThrows();
      const { ended, failed } = sort(rows.map(({ reference }) => reference));
      return { expanded: [], ended, failed };
    },
    writeBackIdentifiers: ({ rows }) => {
      const { on, ...rest } = sort(rows.map(({ reference }) => reference));
      return { ...rest, identified: on.map((reference) => ({ reference })) };
    },
    confirmConsent: () => ({ turned: next(throws) === 1 ? ['Patient/a'] : [] }),
  };
}

describe('whatever the activities answer', () => {
  it('each change ends in exactly one outcome, recorded once, and the counts close', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const changes = given.changes.map(([reference, versionId], index) =>
          change(reference, { versionId: String(versionId), changeId: `event-${index}` }),
        );
        const run = await runSync(inputFor(changes), scriptOf(given));
        expect(run.runtimeStatus).toBe('Completed');
        expect(run.warnings).toEqual([]);
        const sets = run
          .inputsOf('recordOutcomes')
          .filter(({ record }) => record.cause === 'events');
        expect(sets).toHaveLength(1);
        const { outcomes, record } = sets[0]!;
        expect(outcomes.map((outcome) => outcome.change.changeId)).toEqual(
          changes.map(({ changeId }) => changeId),
        );
        const sum = Object.values(record.counts).reduce((left, right) => left + right, 0);
        expect(sum).toBe(record.received);
        expect(run.output).toEqual(record.counts);
      }),
      { numRuns: 60 },
    );
  });
});
