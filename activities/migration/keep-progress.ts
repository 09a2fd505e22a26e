import type { ImportStatus } from '../../shared/bulk/index.ts';
import {
  type ImportProgress,
  inside,
  type MigrationStore,
  numbered,
  totalOf,
  windowName,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { BatchInput } from './start-import.ts';

/** Enough to tell the rate of the last minutes. */
const mostSamples = 20;

/** The last samples tell the rate; those before may be of the wait until the service began. */
const samplesOfRate = 4;

export interface KeptProgress {
  /** Until the import has been through all its lines; undefined before two looks differ. */
  readonly secondsLeft: number | undefined;
}

/** Keeps what an import says of itself while it runs, for people who watch; only looks write it. */
export async function keepProgress(
  { store, now }: MigrationDependencies,
  { migrationId, window, batch }: BatchInput,
  { outputs, errors }: Extract<ImportStatus, { readonly kind: 'running' }>,
): Promise<KeptProgress> {
  const row = numbered(window);
  const before = await store.imports.get(migrationId, row);
  const { settled, lines } = await partOf(store, { migrationId, window, batch }, before);
  const sample = {
    at: now().toISOString(),
    loaded: settled + outputs.reduce((sum, { count }) => sum + count, 0),
    refused: errors.reduce((sum, { count }) => sum + count, 0),
  };
  const samples = [...(before?.samples ?? []), sample].slice(-mostSamples);
  if (isDue(before?.samples.at(-1), sample)) {
    await store.imports.put(migrationId, row, { window, batch, lines, settled, samples });
  }
  return { secondsLeft: secondsLeft(samples.slice(-samplesOfRate), settled + lines) };
}

/** Quick looks in between would only fill the record. */
const betweenSamples = 1000;

const isDue = (before: Sample | undefined, { at }: Sample): boolean =>
  before === undefined || Date.parse(at) - Date.parse(before.at) >= betweenSamples;

/** Lines of the operation, and of those that were settled before it; they stay the same while it runs. */
async function partOf(
  store: MigrationStore,
  { migrationId, window, batch }: BatchInput,
  before: ImportProgress | undefined,
): Promise<{ readonly settled: number; readonly lines: number }> {
  if (before?.batch === batch && before.lines !== undefined) {
    return { settled: before.settled, lines: before.lines };
  }
  const batches = await store.batches.list(inside(migrationId, windowName(window)));
  const settled = batches
    .map(({ ledger }) => totalOf(ledger))
    .reduce((sum, { loaded, present, quarantined }) => sum + loaded + present + quarantined, 0);
  return { settled, lines: batches.find(({ name }) => name === batch)?.lines ?? 0 };
}

type Sample = ImportProgress['samples'][number];

function secondsLeft(samples: readonly Sample[], all: number): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const through = ({ loaded, refused }: Sample) => loaded + refused;
  const seconds = (Date.parse(last.at) - Date.parse(first.at)) / 1000;
  const perSecond = (through(last) - through(first)) / seconds;
  return perSecond > 0 ? Math.max(0, all - through(last)) / perSecond : undefined;
}
