import { z } from 'zod';
import { type AppStatus, controlStatus } from './state-of-rest.ts';
import type { RunningSystem } from './system.ts';

/** The closing figures of a run. */
export interface RunSummary {
  readonly fed: number;
  readonly feedFailures: number;
  readonly events: number;
  readonly changes: number;
  readonly outcomes: AppStatus['outcomes'];
  readonly pending: number;
  readonly countsClose: boolean;
  readonly deadLetters: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly identifiersWrittenBack: number;
  readonly echoesDropped: number;
  readonly quarantined: number;
  readonly calls: { readonly fhir: number; readonly dataverse: number };
  readonly callsPerChange: { readonly fhir: number; readonly dataverse: number };
  readonly seconds: number;
}

const product = 'fhir-dataverse-sync';
const callsSchema = z.looseObject({ calls: z.record(z.string(), z.number()) });
const rowsSchema = z.looseObject({ rows: z.record(z.string(), z.number()) });

/** Gathers the figures from the app and the stand-ins. `changes` are those that had to be read. */
export async function summarize(
  system: RunningSystem,
  run: {
    readonly status: AppStatus;
    readonly fed: number;
    readonly feedFailures: number;
    readonly seconds: number;
  },
): Promise<RunSummary> {
  const { status } = run;
  const fhirStatus = await controlStatus(system.fhirUrl);
  const dataverseStatus = await controlStatus(system.dataverseUrl);
  const calls = { fhir: callsOf(fhirStatus), dataverse: callsOf(dataverseStatus) };
  const ended = Object.values(status.outcomes).reduce((sum, count) => sum + count, 0);
  const changes = Math.max(1, status.received - status.outcomes.skipped);
  return {
    fed: run.fed,
    feedFailures: run.feedFailures,
    events: status.received + status.echoes + status.quarantined + status.ignored,
    changes: status.received,
    outcomes: status.outcomes,
    pending: status.pending,
    countsClose: ended + status.pending === status.received,
    deadLetters: status.deadLetters,
    rows: rowsSchema.parse(dataverseStatus).rows,
    identifiersWrittenBack: status.identifiers,
    echoesDropped: status.echoes,
    quarantined: status.quarantined,
    calls,
    callsPerChange: {
      fhir: rounded(calls.fhir / changes),
      dataverse: rounded(calls.dataverse / changes),
    },
    seconds: rounded(run.seconds),
  };
}

const callsOf = (status: unknown): number => callsSchema.parse(status).calls[product] ?? 0;

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** The closing table. */
export function summaryTable(summary: RunSummary): string {
  const lines: (readonly [string, string | number])[] = [
    ['resources fed', summary.fed],
    ['events', summary.events],
    ...Object.entries(summary.outcomes)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => [`  ${kind}`, count] as const),
    ['echoes dropped', summary.echoesDropped],
    ['identifiers written back', summary.identifiersWrittenBack],
    ['rows', Object.values(summary.rows).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(summary.rows).map(([table, count]) => [`  ${table}`, count] as const),
    ['calls per change: FHIR', summary.callsPerChange.fhir],
    ['calls per change: Dataverse', summary.callsPerChange.dataverse],
    ['dead letters', summary.deadLetters],
    ['seconds', summary.seconds],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const body = lines.map(
    ([name, value]) => `  ${name.padEnd(width)}  ${String(value).padStart(9)}`,
  );
  const close = summary.countsClose
    ? '  counts close: every change ended in exactly one outcome'
    : '  COUNTS DO NOT CLOSE: see /api/status';
  return ['', ...body, close, ''].join('\n');
}
