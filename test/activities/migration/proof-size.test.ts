import { describe, expect, it } from 'vitest';
import { sizeOfProof } from '../../../activities/migration/proof-size.ts';
import { migrationPlan, type WindowRecord } from '../../../shared/migration/index.ts';

const runOf = (plan: object, bulkImport = true) =>
  ({ run: { bulkImport }, orders: { plan: migrationPlan.parse(plan) } }) as never;

function windowsOf(count: number, versionsEach: number): readonly WindowRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ number: index + 1, state: 'closed', expected: versionsEach, batches: 1, bytes: 0 },
    since: new Date(Date.UTC(2020, 0, 1 + index)).toISOString(),
    till: new Date(Date.UTC(2020, 0, 2 + index)).toISOString(),
    ledger: {
      Patient: { exported: versionsEach, loaded: versionsEach, present: 0, quarantined: 0 },
    },
    ...{ startedAt: '', closedAt: '' },
  }));
}

describe('a proof', () => {
  it('parts what it compares by windows, but never into so many that digests grow large', () => {
    expect(sizeOfProof(runOf({}), windowsOf(10, 1)).boundaries).toHaveLength(9);
    expect(sizeOfProof(runOf({}), windowsOf(5_000, 1)).boundaries.length).toBeLessThanOrEqual(60);
    const large = sizeOfProof(runOf({}), windowsOf(100, 1_000_000));
    expect(large.boundaries.length).toBeLessThanOrEqual(31);
    expect(sizeOfProof(runOf({}, false), windowsOf(10, 1)).boundaries).toEqual([]);
  });

  it('checks references in parts of about half a million ids, and not of a range of time', () => {
    const partitionsOf = (plan: object, millions: number) =>
      sizeOfProof(runOf(plan), windowsOf(millions, 1_000_000)).partitions;
    expect([partitionsOf({}, 1), partitionsOf({}, 10), partitionsOf({}, 100)]).toEqual([
      2, 18, 179,
    ]);
    expect(partitionsOf({ types: ['Patient'] }, 1)).toBe(2);
    expect(partitionsOf({ till: '2021-01-01T00:00:00Z' }, 1)).toBe(0);
  });
});
