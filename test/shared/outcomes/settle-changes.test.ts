import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../shared/events/index.ts';
import {
  compareVersions,
  countOutcomes,
  outcomeKinds,
  type ResourceEnding,
  referenceOf,
  settleChanges,
} from '../../../shared/outcomes/index.ts';

const resource = fc.record({
  resourceType: fc.constantFrom('Patient', 'Practitioner'),
  id: fc.constantFrom('a', 'b', 'c'),
});

const version = fc.option(fc.oneof(fc.nat(12).map(String), fc.constantFrom('x1', 'x2')), {
  nil: undefined,
});

const changes = fc
  .array(fc.record({ resource, version, changeId: fc.constantFrom('1', '2', '3') }), {
    maxLength: 20,
  })
  .map((drawn) =>
    drawn.map(
      ({ resource: { resourceType, id }, version: versionId, changeId }): Change => ({
        changeId,
        resourceType,
        id,
        kind: 'updated',
        cause: 'event',
        occurredAt: '2026-01-01T00:00:00.000Z',
        ...(versionId === undefined ? {} : { versionId }),
      }),
    ),
  );

const endingsFor = (some: readonly Change[], kinds: readonly ResourceEnding['kind'][]) =>
  [...new Set(some.map(referenceOf))].map(
    (reference, index): ResourceEnding => ({
      reference,
      kind: kinds[index % kinds.length] ?? 'applied',
      versionId: '9',
    }),
  );

describe('the endings of resources', () => {
  it('become exactly one outcome per change, in the order of the changes', () => {
    fc.assert(
      fc.property(
        changes,
        fc.array(fc.constantFrom(...outcomeKinds), { minLength: 1 }),
        (some, kinds) => {
          const outcomes = settleChanges(some, endingsFor(some, kinds));
          expect(outcomes.map(({ change }) => change)).toEqual(some);
          const counted = Object.values(countOutcomes(outcomes)).reduce(
            (sum, count) => sum + count,
            0,
          );
          expect(counted).toBe(some.length);
        },
      ),
    );
  });

  it('go to one change of each resource, the newest; its others are superseded', () => {
    fc.assert(
      fc.property(changes, (some) => {
        const outcomes = settleChanges(some, endingsFor(some, ['withheld']));
        for (const own of Map.groupBy(outcomes, ({ change }) => referenceOf(change)).values()) {
          const ended = own.filter(({ kind }) => kind === 'withheld');
          expect(ended).toHaveLength(1);
          expect(own.filter(({ kind }) => kind === 'superseded')).toHaveLength(own.length - 1);
        }
      }),
    );
  });

  it('of numbered versions go to the highest', () => {
    const numbered = changes.map((some) =>
      some.filter(({ versionId }) => /^\d+$/.test(versionId ?? '')),
    );
    fc.assert(
      fc.property(numbered, (some) => {
        const outcomes = settleChanges(some, endingsFor(some, ['applied']));
        for (const own of Map.groupBy(outcomes, ({ change }) => referenceOf(change)).values()) {
          const ended = own.find(({ kind }) => kind === 'applied');
          const highest = Math.max(...own.map(({ change }) => Number(change.versionId)));
          expect(Number(ended?.change.versionId)).toBe(highest);
        }
      }),
    );
  });
});

describe('the order of versions', () => {
  it('is that of numbers, however long', () => {
    const number = fc.bigInt({ min: 0n, max: 10n ** 37n });
    fc.assert(
      fc.property(number, number, (left, right) => {
        const order = left === right ? 0 : left > right ? 1 : -1;
        expect(compareVersions(String(left), String(right))).toBe(order);
      }),
    );
  });

  it('does not exist between versions that are not numbers', () => {
    expect(compareVersions('a', 'b')).toBe(0);
    expect(compareVersions(undefined, '2')).toBe(0);
    expect(compareVersions('1.5', '2')).toBe(0);
  });
});
