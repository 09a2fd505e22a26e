import { type Flow, recentRate } from './rates.ts';
import type { QuarantinedVersion, RunRecord, WindowRecord } from './records.ts';
import { isAtRest } from './run-states.ts';
import type { EstimateRecord } from './side-records.ts';
import { sumLedgers, type TypeLedger, totalOf, type WindowLedger } from './window-ledger.ts';

/** What is being done now, of the two windows that may be open. */
export interface UnderWay {
  readonly exporting: {
    readonly window: number;
    readonly expected: number;
    /** The files are there and are put into files for import. */
    readonly staged: number;
    readonly bytes: number;
  } | null;
  readonly importing: {
    readonly window: number;
    readonly lines: number;
    readonly loaded: number;
    readonly refused: number;
  } | null;
}

export interface TypeProgress extends TypeLedger {
  /** Versions that the assessment counted, or moved ones where these are more. */
  readonly expected: number;
}

export interface Progress {
  readonly windows: { readonly closed: number; readonly open: number };
  /** Versions to be moved, as far as they have been counted: by the assessment, or in the windows. */
  readonly expected: number;
  /** How many of them are; what windows bring again by their overlap is not counted twice. */
  readonly done: number;
  readonly total: TypeLedger;
  readonly types: Readonly<Record<string, TypeProgress>>;
  readonly bytes: number;
  /** Versions per second into the target over the last minutes. */
  readonly perSecond: number;
  /** Versions per second out of the source over the last minutes, proofs included. */
  readonly exportedPerSecond: number;
  /** Seconds until what is counted is moved, at this rate; null when it cannot be told. */
  readonly secondsLeft: number | null;
  /** How far the copy is behind the source's clock, in seconds; null before the first window. */
  readonly lagSeconds: number | null;
  readonly underWay: UnderWay;
}

export interface ProgressView {
  readonly now: string;
  readonly estimate?: EstimateRecord | undefined;
  readonly underWay?: UnderWay;
  readonly flows?: readonly Flow[];
}

const nothing: UnderWay = { exporting: null, importing: null };

/** How far a migration is, from its records alone. */
export function progressOf(
  run: RunRecord,
  windows: readonly WindowRecord[],
  { now, estimate, underWay = nothing, flows = [] }: ProgressView,
): Progress {
  const closed = windows.filter(({ state }) => state === 'closed');
  const types = sumLedgers(windows.map(({ ledger }) => ledger));
  const total = totalOf(types);
  const planned = windows.reduce((sum, window) => sum + window.expected, 0);
  const expected = Math.max(planned, estimate?.total ?? 0);
  const inClosed = closed.reduce((sum, window) => sum + window.expected, 0);
  const done = Math.min(expected, inClosed + (underWay.importing?.loaded ?? 0));
  const perSecond = recentRate(flows, 'import', now);
  const left = isAtRest(run.state) ? 0 : expected - done;
  const staging = underWay.exporting?.bytes ?? 0;
  return {
    windows: { closed: closed.length, open: windows.length - closed.length },
    expected,
    done,
    total,
    types: withExpected(types, estimate?.types ?? {}),
    bytes: windows.reduce((sum, window) => sum + window.bytes, staging),
    perSecond: Math.round(perSecond),
    exportedPerSecond: Math.round(recentRate(flows, 'export', now)),
    secondsLeft: left === 0 ? 0 : perSecond < 0.01 ? null : Math.round(left / perSecond),
    lagSeconds: lagOf(run, closed, now),
    underWay,
  };
}

function withExpected(
  ledger: WindowLedger,
  counted: Readonly<Record<string, number>>,
): Progress['types'] {
  const names = [...new Set([...Object.keys(counted), ...Object.keys(ledger)])].sort();
  return Object.fromEntries(
    names.map((type) => {
      const entry = ledger[type] ?? { exported: 0, loaded: 0, present: 0, quarantined: 0 };
      return [
        type,
        { ...entry, expected: Math.max(counted[type] ?? 0, entry.loaded + entry.quarantined) },
      ];
    }),
  );
}

/** Everything up to here is in the target: the start of an open window, else how far was looked. */
function lagOf(run: RunRecord, closed: readonly WindowRecord[], now: string): number | null {
  const last = closed.at(-1);
  if (last === undefined) return null;
  const until = closed.length === run.windows ? (run.cursor ?? last.till) : last.till;
  return Math.max(0, Math.round(secondsBetween(until, now)));
}

const secondsBetween = (one: string, other: string): number =>
  (Date.parse(other) - Date.parse(one)) / 1000;

/** Quarantined versions by cause. */
export function byCause(found: readonly QuarantinedVersion[]): Readonly<Record<string, number>> {
  const causes = Map.groupBy(found, ({ cause }) => cause);
  return Object.fromEntries([...causes].map(([cause, some]) => [cause, some.length]));
}
