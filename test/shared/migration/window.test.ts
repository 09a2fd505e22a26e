import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextWindow, type SizedRange, type TimeRange } from '../../../shared/migration/index.ts';

const start = Date.parse('2016-01-01T00:00:00.000Z');
const at = (milliseconds: number) => new Date(start + milliseconds).toISOString();

/** A source that holds versions at these milliseconds, and counts how often it is asked. */
function sourceOf(versions: readonly number[]) {
  let asked = 0;
  return {
    count: async (range: TimeRange) => {
      asked += 1;
      const since = Date.parse(range.since) - start;
      const till = Date.parse(range.till) - start;
      return versions.filter((time) => time >= since && time < till).length;
    },
    asked: () => asked,
  };
}

interface AskedWindow extends SizedRange {
  /** Counts until it was found, those for the windows before included. */
  readonly asked: number;
}

async function allWindows(versions: readonly number[], till: number, limit: number) {
  const source = sourceOf(versions);
  const windows: AskedWindow[] = [];
  let since = at(0);
  for (;;) {
    const previous = windows.at(-1);
    const found = await nextWindow({
      ...{ since, till: at(till), limit, count: source.count },
      ...(previous === undefined ? {} : { previous }),
    });
    if (found === undefined) return { windows, asked: source.asked() };
    windows.push({ ...found, asked: source.asked() });
    since = found.till;
  }
}

describe('windows of a migration', () => {
  const times = fc.array(fc.integer({ min: 0, max: 99_999 }), { maxLength: 200 });

  it('cover every version once, without a gap, whatever the limit', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 50 }), async (versions, limit) => {
        const { windows } = await allWindows(versions, 100_000, limit);
        const covered = windows.reduce((sum, { count }) => sum + count, 0);
        expect(covered).toBe(versions.length);
        for (const [index, { since }] of windows.entries()) {
          expect(since).toBe(index === 0 ? at(0) : windows[index - 1]?.till);
        }
      }),
    );
  });

  it('keep to the limit unless one millisecond holds more', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 50 }), async (versions, limit) => {
        const { windows } = await allWindows(versions, 100_000, limit);
        const perMillisecond = new Map<number, number>();
        for (const time of versions) perMillisecond.set(time, (perMillisecond.get(time) ?? 0) + 1);
        const fullest = Math.max(0, ...perMillisecond.values());
        for (const { count } of windows)
          expect(count).toBeLessThanOrEqual(Math.max(limit, fullest));
      }),
    );
  });

  it('are at least half full, but for the last one and the stretch of a full millisecond', async () => {
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 50 }), async (versions, limit) => {
        const { windows } = await allWindows(versions, 100_000, limit);
        for (const [index, { count, till }] of windows.slice(0, -1).entries()) {
          const following = Date.parse(till) - start;
          const crowd = versions.filter((time) => time === following).length;
          if (count + crowd <= limit) expect([index, count >= limit / 2]).toEqual([index, true]);
        }
      }),
    );
  });

  // Versions come from a seed: a failing array of thousands would be shrunk for hours.
  const spread = fc.record({
    seed: fc.integer(),
    size: fc.integer({ min: 2_000, max: 3_000 }),
    limit: fc.integer({ min: 150, max: 400 }),
  });

  it('are 85 to 100 % full with one count for most, where versions are spread evenly', async () => {
    await fc.assert(
      fc.asyncProperty(spread, async ({ seed, size, limit }) => {
        const [within] = fc.sample(
          fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: size, maxLength: size }),
          { seed, numRuns: 1 },
        );
        // From 2,000 on they begin anew: the first stretch is twice as dense as the rest.
        const versions = within?.map((time, index) => (index * 10_000 + time) % 20_000_000) ?? [];
        const { windows, asked } = await allWindows(versions, 20_000_000, limit);
        for (const { count } of windows.slice(0, -1)) {
          expect(count).toBeGreaterThanOrEqual(0.85 * limit);
        }
        const counts = windows.map(
          (window, index) => window.asked - (windows[index - 1]?.asked ?? 0),
        );
        const once = counts.filter((count) => count === 1).length;
        expect(once).toBeGreaterThanOrEqual((windows.length - 1) / 2);
        expect(asked - windows.length).toBeLessThanOrEqual(15);
      }),
      { numRuns: 20 },
    );
  });

  it('are well filled also where all versions lie in the first ten seconds of ten years', async () => {
    const tenYears = 122 * 30 * 86_400_000;
    const versions = Array.from({ length: 10_000 }, (_, index) => index);
    const { windows, asked } = await allWindows(versions, tenYears, 1000);
    expect(windows.length).toBeLessThanOrEqual(11);
    expect(asked).toBeLessThan(35);
  });

  it('pass ten empty years with one count, where the incumbent walks 122 windows (facts/migration.md §1.7, fault 8)', async () => {
    const tenYears = 122 * 30 * 86_400_000;
    const { windows, asked } = await allWindows([], tenYears, 1000);
    expect(windows).toEqual([]);
    expect(asked).toBe(1);
  });

  it('merge empty stretches with what follows', async () => {
    const tenYears = 122 * 30 * 86_400_000;
    const { windows, asked } = await allWindows([0, tenYears - 5, tenYears - 4], tenYears, 2);
    expect(windows.map(({ count }) => count)).toEqual([1, 2]);
    expect(asked).toBeLessThan(60);
  });

  it('let a failed count fail, never count as empty (facts/migration.md §1.7, fault 5)', async () => {
    const count = async (): Promise<number> => {
      throw new Error('not now');
    };
    await expect(nextWindow({ since: at(0), till: at(9), limit: 1, count })).rejects.toThrow(
      'not now',
    );
  });
});
