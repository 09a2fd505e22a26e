import type { ImportStatus } from '../../shared/bulk/index.ts';
import {
  addToLedger,
  type BatchRecord,
  inside,
  numbered,
  type StagedFile,
  sumLedgers,
  type WindowLedger,
  windowName,
} from '../../shared/migration/index.ts';
import { loadBatch, recordBatch } from './batch.ts';
import type { Blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { narrowDown } from './narrow-down.ts';
import { quarantine } from './quarantine.ts';
import { readRefusedLines } from './refused-lines.ts';
import { stageLines } from './stage-lines.ts';
import { type BatchInput, batchPurpose } from './start-import.ts';

export interface SettledImport {
  readonly kind: 'settled';
  /** Batches that came out of it: lines that are to be tried in another way. */
  readonly next: readonly string[];
}

/**
 * Accounts for every line of an import operation. A 200 can hold failures, so counts are compared
 * and error files read to the last line: each refused line is there already, goes into a further
 * batch in another form, or is quarantined with its cause. A file whose counts do not add up, and
 * an operation that failed as a whole, go on in halves until the line that is at fault is alone.
 */
export function createSettleImport(deps: MigrationDependencies) {
  return async (input: BatchInput): Promise<SettledImport | Blocked> => {
    const batch = await loadBatch(deps.store, input);
    const partition = inside(input.migrationId, windowName(input.window));
    if (batch.settled) return { kind: 'settled', next: await following(deps, input) };
    const row = jobRow(batchPurpose(input), 1);
    const job = await deps.store.jobs.get(input.migrationId, row);
    const status = job?.statusUrl ? await deps.importer.status(job.statusUrl) : undefined;
    const files = await deps.store.batchFiles.list(`${partition}!${input.batch}`);
    const result = await settle(deps, { input, batch, files }, status);
    const next = await recordNext(deps, { input, depth: batch.depth + 1, batches: result.next });
    await deps.store.batches.put(partition, input.batch, {
      ...batch,
      settled: true,
      ledger: result.ledger,
    });
    if (job !== undefined) {
      await deps.store.jobs.put(input.migrationId, row, {
        ...job,
        state: 'ended',
        endedAt: deps.now().toISOString(),
      });
    }
    return { kind: 'settled', next };
  };
}

interface Settling {
  readonly input: BatchInput;
  readonly batch: BatchRecord;
  readonly files: readonly StagedFile[];
}

interface Settlement {
  readonly ledger: WindowLedger;
  /** Files of each further batch. */
  readonly next: readonly (readonly StagedFile[])[];
}

const nothing: Settlement = { ledger: {}, next: [] };

async function settle(
  deps: MigrationDependencies,
  settling: Settling,
  status: ImportStatus | undefined,
): Promise<Settlement> {
  if (status?.kind !== 'done') {
    const atFault = status?.kind === 'failed' ? status.inputUrl : undefined;
    return narrowDown(deps, settling, { files: settling.files, atFault });
  }
  const accounted = await Promise.all(
    settling.files.map((file) => settleFile(deps, settling, { file, status })),
  );
  const doubtful = accounted.flatMap((part) => ('doubtful' in part ? [part.doubtful] : []));
  const settled = accounted.flatMap((part) => ('doubtful' in part ? [] : [part]));
  const again = settled.flatMap((part) => part.again);
  const narrowed =
    doubtful.length === 0
      ? nothing
      : await narrowDown(deps, settling, { files: doubtful, atFault: undefined });
  return {
    ledger: sumLedgers([...settled.map((part) => part.ledger), narrowed.ledger]),
    next: [...(again.length === 0 ? [] : [again]), ...narrowed.next],
  };
}

type SettledFile =
  | { readonly ledger: WindowLedger; readonly again: readonly StagedFile[] }
  | { readonly doubtful: StagedFile };

/** A file is settled when its loaded and its refused lines are all of its lines. */
async function settleFile(
  deps: MigrationDependencies,
  { input, batch }: Settling,
  { file, status }: { readonly file: StagedFile; readonly status: Done },
): Promise<SettledFile> {
  const loaded = status.outputs
    .filter(({ url }) => url === file.url)
    .reduce((sum, { count }) => sum + count, 0);
  const errors = status.errors.filter(({ url }) => url === file.url);
  const { migrationId, window } = input;
  const { depth } = batch;
  const refused = await readRefusedLines(deps, { migrationId, file, errors, depth });
  if (loaded + refused.lines !== file.lines) return { doubtful: file };
  const step = `batch-${input.batch}-${blobName(file.url)}`;
  await quarantine(deps, { migrationId, window, step, lines: refused.quarantined });
  const again = await stageLines(deps, {
    ...{ migrationId, type: file.type, lines: refused.again },
    name: `${windowName(window)}/again/${step}`,
  });
  const { present } = refused;
  const entry = { loaded, present, quarantined: refused.quarantined.length };
  return { ledger: addToLedger({}, file.type, entry), again };
}

type Done = Extract<ImportStatus, { readonly kind: 'done' }>;

/** The last part of a blob's address. */
const blobName = (url: string): string => url.split('/').at(-1) ?? '';

interface NextBatches {
  readonly input: BatchInput;
  readonly depth: number;
  readonly batches: readonly (readonly StagedFile[])[];
}

/** Named after the batch they come from, so that running it again makes the same ones. */
async function recordNext(
  deps: MigrationDependencies,
  { input, depth, batches }: NextBatches,
): Promise<readonly string[]> {
  const names = batches.map((_, index) => `${input.batch}.${index}`);
  for (const [index, files] of batches.entries()) {
    const batch = names[index] ?? '';
    await dropFiles(deps, { ...input, batch }, files.length);
    await recordBatch(deps, { ...input, batch, files, depth });
  }
  await dropBatches(deps, input, batches.length);
  return names;
}

/**
 * A settling that was cut may have found otherwise, because the service answered otherwise: what it
 * recorded beyond that would be imported, and counted, twice.
 */
async function dropFiles(
  { store }: MigrationDependencies,
  { migrationId, window, batch }: BatchInput,
  kept: number,
): Promise<void> {
  const partition = inside(migrationId, windowName(window), batch);
  const { length } = await store.batchFiles.list(partition);
  for (let file = length; file > kept; file -= 1) {
    await store.batchFiles.remove(partition, numbered(file));
  }
}

/** From the last on, so that a cut leaves no gap before one that is still to be dropped. */
async function dropBatches(
  { store }: MigrationDependencies,
  { migrationId, window, batch }: BatchInput,
  kept: number,
): Promise<void> {
  const partition = inside(migrationId, windowName(window));
  let end = kept;
  while ((await store.batches.get(partition, `${batch}.${end}`)) !== undefined) end += 1;
  for (let index = end - 1; index >= kept; index -= 1) {
    await store.batches.remove(partition, `${batch}.${index}`);
  }
}

/** Most batches that come out of one. */
const spread = 4;

async function following(
  { store }: MigrationDependencies,
  { migrationId, window, batch }: BatchInput,
): Promise<readonly string[]> {
  const partition = inside(migrationId, windowName(window));
  const names = Array.from({ length: spread }, (_, index) => `${batch}.${index}`);
  const found = await Promise.all(names.map((name) => store.batches.get(partition, name)));
  return found.flatMap((record) => (record === undefined ? [] : [record.name]));
}
