import { describe, expect, it } from 'vitest';
import {
  progressOf,
  type RunRecord,
  recentRate,
  type WindowRecord,
} from '../../../shared/migration/index.ts';

const at = (seconds: number): string =>
  new Date(Date.parse('2026-03-01T00:00:00Z') + seconds * 1000).toISOString();

const flow = (...points: readonly (readonly [number, number])[]) => ({
  phase: 'import' as const,
  points: points.map(([second, versions]) => ({ at: at(second), versions })),
});

describe('a rate', () => {
  it('is of the last five minutes, not of hours ago', () => {
    const flows = [flow([0, 0], [100, 1_000_000]), flow([7000, 0], [7200, 2000])];
    expect(recentRate(flows, 'import', at(7200))).toBeCloseTo(2000 / 300);
  });

  it('begins with the first point when that is younger', () => {
    expect(recentRate([flow([0, 0], [10, 500])], 'import', at(10))).toBe(50);
  });

  it('of another phase, or of nothing, is 0', () => {
    expect(recentRate([flow([0, 0], [10, 500])], 'export', at(10))).toBe(0);
    expect(recentRate([], 'import', at(10))).toBe(0);
  });
});

const run: RunRecord = {
  id: 'm',
  state: 'copying',
  reason: null,
  startedAt: at(0),
  changedAt: at(0),
  begin: at(0),
  cursor: at(50),
  windows: 1,
  proofs: 0,
  mends: 0,
  bytesPerResource: 1,
  blockedTimes: 0,
  frozenAt: null,
  exportDialect: 'ahds',
  bulkImport: true,
};
const ledger = { Patient: { exported: 40, loaded: 40, present: 0, quarantined: 0 } };
const closed: WindowRecord = {
  number: 1,
  since: at(0),
  till: at(50),
  state: 'closed',
  expected: 40,
  batches: 1,
  ledger,
  bytes: 4000,
  startedAt: at(60),
  closedAt: at(70),
};

describe('progress', () => {
  it('knows what is still to come from the assessment, by type too', () => {
    const types = { Patient: 100, Slot: 20 };
    const estimate = { types, total: 120, bytesPerResource: 100, at: at(0) };
    const flows = [flow([60, 0], [70, 40])];
    const progress = progressOf(run, [closed], { now: at(70), estimate, flows });
    expect(progress).toMatchObject({ expected: 120, done: 40, perSecond: 4, secondsLeft: 20 });
    expect(progress.types['Patient']).toMatchObject({ expected: 100, loaded: 40 });
    expect(progress.types['Slot']).toMatchObject({ expected: 20, loaded: 0 });
  });

  it('counts what an import under way has loaded, and ends at rest', () => {
    const underWay = {
      exporting: null,
      importing: { window: 2, lines: 100, loaded: 60, refused: 0 },
    };
    const estimate = { types: {}, total: 140, bytesPerResource: 1, at: at(0) };
    const view = { now: at(70), estimate, underWay, flows: [flow([60, 0], [70, 40])] };
    expect(progressOf(run, [closed], view).secondsLeft).toBe(10);
    expect(progressOf({ ...run, state: 'completed' }, [closed], view).secondsLeft).toBe(0);
  });

  it('lags by what is not looked at yet', () => {
    expect(progressOf(run, [closed], { now: at(80) }).lagSeconds).toBe(30);
  });
});
