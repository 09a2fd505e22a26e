import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder, isInOrder, type TimedVersion } from '../../../shared/migration/index.ts';

const version = (number: number, at: number, pinned = false): TimedVersion => ({
  version: number,
  at,
  pinned,
});

const history = fc
  .array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 5 })
  .map((instants) => instants.map((at, index) => version(index + 1, 100 + at)));

const cost = (before: readonly TimedVersion[], after: readonly TimedVersion[]): number =>
  before.reduce((sum, { at }, index) => sum + Math.abs(at - (after[index]?.at ?? 0)), 0);

/** Every way to put the versions into order near where they are. */
function cheapest(versions: readonly TimedVersion[]): number {
  const steps = Array.from({ length: 25 }, (_, index) => 94 + index);
  let costs = new Map<number, number>([[0, 0]]);
  for (const { at } of versions) {
    const next = new Map<number, number>();
    for (const [last, sum] of costs) {
      for (const step of steps) {
        if (step <= last) continue;
        const total = sum + Math.abs(step - at);
        if (total < (next.get(step) ?? Number.POSITIVE_INFINITY)) next.set(step, total);
      }
    }
    costs = next;
  }
  return Math.min(...costs.values());
}

describe('versions whose instants do not rise', () => {
  it('come into order by the smallest sum of milliseconds there is', () => {
    fc.assert(
      fc.property(history, (versions) => {
        const ordered = inOrder(versions);
        expect(isInOrder(ordered)).toBe(true);
        expect(cost(versions, ordered)).toBe(cheapest(versions));
      }),
    );
  });

  it('and those that rise stay as they are', () => {
    fc.assert(
      fc.property(history, (versions) => {
        const ordered = inOrder(versions);
        expect(inOrder(ordered)).toEqual(ordered);
      }),
    );
  });

  it('the newest version stays when two are equal, and what is pinned stays always', () => {
    expect(inOrder([version(2, 50), version(3, 50)]).map(({ at }) => at)).toEqual([49, 50]);
    const pinned = [version(2, 100, true), version(3, 90)];
    expect(inOrder(pinned).map(({ at }) => at)).toEqual([100, 101]);
  });
});
