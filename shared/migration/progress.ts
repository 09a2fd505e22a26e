import type { QuarantinedVersion, RunRecord, WindowRecord } from './records.ts';
import { sumLedgers, type TypeLedger, totalOf, type WindowLedger } from './window-ledger.ts';

export interface Progress {
  readonly windows: { readonly closed: number; readonly open: number };
  /** Versions counted in the windows so far, and what became of them. */
  readonly expected: number;
  readonly total: TypeLedger;
  readonly types: WindowLedger;
  readonly bytes: number;
  /** Versions accounted for per second since the start. */
  readonly perSecond: number;
  /** Seconds until what is planned is done, at this rate; null when it cannot be told. */
  readonly secondsLeft: number | null;
  /** How far the copy is behind the source's clock, in seconds; null before the first window. */
  readonly lagSeconds: number | null;
}

/** How far a migration is, from its windows alone. */
export function progressOf(
  run: RunRecord,
  windows: readonly WindowRecord[],
  now: string,
): Progress {
  const closed = windows.filter(({ state }) => state === 'closed');
  const types = sumLedgers(windows.map(({ ledger }) => ledger));
  const total = totalOf(types);
  const expected = windows.reduce((sum, window) => sum + window.expected, 0);
  const accounted = total.loaded + total.present + total.quarantined;
  const seconds = Math.max(1, secondsBetween(run.startedAt, now));
  const perSecond = accounted / seconds;
  const left = Math.max(0, expected - accounted);
  return {
    windows: { closed: closed.length, open: windows.length - closed.length },
    expected,
    total,
    types,
    bytes: windows.reduce((sum, window) => sum + window.bytes, 0),
    perSecond: Math.round(perSecond),
    secondsLeft: left === 0 ? 0 : perSecond === 0 ? null : Math.round(left / perSecond),
    lagSeconds: lagOf(closed, now),
  };
}

function lagOf(closed: readonly WindowRecord[], now: string): number | null {
  const last = closed.at(-1);
  return last === undefined ? null : Math.max(0, Math.round(secondsBetween(last.till, now)));
}

const secondsBetween = (one: string, other: string): number =>
  (Date.parse(other) - Date.parse(one)) / 1000;

/** Quarantined versions by cause. */
export function byCause(found: readonly QuarantinedVersion[]): Readonly<Record<string, number>> {
  const causes = Map.groupBy(found, ({ cause }) => cause);
  return Object.fromEntries([...causes].map(([cause, some]) => [cause, some.length]));
}
