import { jobRow } from '../../activities/migration/index.ts';
import {
  type ExtractRecord,
  type Flow,
  inside,
  type JobRecord,
  type MigrationStore,
  numbered,
  type UnderWay,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';

/** Windows that may have moved something in the last minutes. */
const mostWindows = 12;
const recentMilliseconds = 600_000;

export interface Moving {
  readonly underWay: UnderWay;
  readonly flows: readonly Flow[];
}

/** What goes on now, and what went through lately; reads a bounded number of records. */
export async function movingNow(
  store: MigrationStore,
  id: string,
  windows: readonly WindowRecord[],
): Promise<Moving> {
  const recent = windows
    .filter(
      ({ closedAt }) => closedAt === null || Date.parse(closedAt) > Date.now() - recentMilliseconds,
    )
    .slice(-mostWindows);
  const parts = await Promise.all(recent.map((window) => partOf(store, id, window)));
  const exporting = parts.map((part) => part.exporting).find((part) => part !== null);
  const importing = parts.map((part) => part.importing).find((part) => part !== null);
  return {
    underWay: { exporting: exporting ?? null, importing: importing ?? null },
    flows: parts.flatMap(({ flows }) => flows),
  };
}

interface Part extends UnderWay {
  readonly flows: readonly Flow[];
}

async function partOf(store: MigrationStore, id: string, window: WindowRecord): Promise<Part> {
  const name = windowName(window.number);
  const [extract, progress] = await Promise.all([
    store.extracts.get(id, name),
    store.imports.get(id, numbered(window.number)),
  ]);
  const job = await store.jobs.get(id, jobRow(name, extract?.attempt ?? 0));
  const last = progress?.samples.at(-1);
  const lines = Object.values(window.ledger).reduce((sum, { exported }) => sum + exported, 0);
  const loaded = last?.loaded ?? 0;
  const refused = last?.refused ?? 0;
  return {
    exporting: window.state === 'exporting' ? await staging(store, id, window) : null,
    importing:
      window.state === 'importing' ? { window: window.number, lines, loaded, refused } : null,
    flows: [
      ...exportFlow(extract, job),
      {
        phase: 'import',
        points: [
          { at: job?.endedAt ?? window.startedAt, versions: 0 },
          ...(progress?.samples ?? []).map((sample) => ({
            at: sample.at,
            versions: sample.loaded,
          })),
          ...(window.closedAt === null ? [] : [{ at: window.closedAt, versions: lines }]),
        ],
      },
    ],
  };
}

async function staging(
  store: MigrationStore,
  id: string,
  { number, expected }: WindowRecord,
): Promise<UnderWay['exporting']> {
  const staged = await store.staged.list(inside(id, windowName(number)));
  const lines = staged
    .flatMap(({ ledger }) => Object.values(ledger))
    .reduce((sum, { exported }) => sum + exported, 0);
  const bytes = staged.reduce((sum, part) => sum + part.bytes, 0);
  return { window: number, expected, staged: lines, bytes };
}

function exportFlow(
  extract: ExtractRecord | undefined,
  job: JobRecord | undefined,
): readonly Flow[] {
  if (extract?.state !== 'exported' || job === undefined || job.endedAt === null) return [];
  const points = [
    { at: job.intendedAt, versions: 0 },
    { at: job.endedAt, versions: extract.lines },
  ];
  return [{ phase: 'export', points }];
}
