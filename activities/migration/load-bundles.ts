import { type BundleWriteResult, ndjsonLines, scanResource } from '../../shared/bulk/index.ts';
import { AppError } from '../../shared/errors.ts';
import {
  addToLedger,
  inside,
  type LoadRecord,
  numbered,
  type StagedFile,
  windowName,
} from '../../shared/migration/index.ts';
import { loadBatch, recordBatch } from './batch.ts';
import { longestLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { heldContents } from './held-contents.ts';
import { type QuarantinedLine, quarantine } from './quarantine.ts';
import { stageLines } from './stage-lines.ts';
import { type BatchInput, batchPurpose } from './start-import.ts';

export type LoadedBundles =
  | { readonly kind: 'more'; readonly lines: number }
  | { readonly kind: 'settled'; readonly next: readonly string[] };

/** Lines that one run of the step writes; the next one goes on behind them. */
const most = { lines: 2_000, bytes: 16_000_000 };

/**
 * Refused lines are tried again behind all others: a target that wants to know what a reference
 * points at has it by then.
 */
const mostTries = 3;

/**
 * Stands in for `$import` where the target has none: writes the files of a batch in Bundles, a
 * bounded number of lines at a time, and accounts for every line. What the target holds with equal
 * content is left alone, so that a repeat makes no further version. Versions are the target's own.
 */
export function createLoadBundles(deps: MigrationDependencies) {
  return async (input: BatchInput): Promise<LoadedBundles> => {
    const batch = await loadBatch(deps.store, input);
    const partition = inside(input.migrationId, windowName(input.window));
    const next = `${input.batch}.0`;
    if (batch.settled) {
      const following = await deps.store.batches.get(partition, next);
      return { kind: 'settled', next: following === undefined ? [] : [next] };
    }
    const files = await deps.store.batchFiles.list(`${partition}!${input.batch}`);
    const row = batchPurpose(input);
    const from = (await deps.store.loads.get(input.migrationId, row)) ?? begin;
    const file = files[from.file];
    if (file !== undefined) {
      const step: LoadStep = { input, file, from, depth: batch.depth };
      const to = await loadLines(deps, step);
      await deps.store.loads.put(input.migrationId, row, to);
      return { kind: 'more', lines: to.lines };
    }
    const again = await deps.store.batchFiles.list(`${partition}!${input.batch}!again`);
    if (again.length > 0) {
      await recordBatch(deps, { ...input, batch: next, files: again, depth: batch.depth + 1 });
    }
    const settled = { ...batch, settled: true, ledger: from.ledger };
    await deps.store.batches.put(partition, input.batch, settled);
    return { kind: 'settled', next: again.length > 0 ? [next] : [] };
  };
}

const begin: LoadRecord = { file: 0, offset: 0, line: 1, steps: 0, lines: 0, ledger: {} };

interface LoadStep {
  readonly input: BatchInput;
  readonly file: StagedFile;
  readonly from: LoadRecord;
  readonly depth: number;
}

interface Line {
  readonly resourceType: string;
  readonly id: string;
  readonly versionId: string | null;
  readonly bytes: Buffer;
}

async function loadLines(deps: MigrationDependencies, step: LoadStep): Promise<LoadRecord> {
  const { input, file, from, depth } = step;
  const { lines, place } = await readLines(deps, step);
  const { present, absent } = await heldContents(deps, lines);
  const results = await write(deps, absent);
  const loaded = absent.filter((_, index) => isLoaded(results[index]));
  const refused = absent.filter((_, index) => !isLoaded(results[index]));
  const isLast = depth + 1 >= mostTries;
  const name = `batch-${input.batch}-${numbered(from.steps + 1)}`;
  if (isLast) await keepRefused(deps, input, { name, refused });
  else await stageAgain(deps, step, { name, refused });
  const added = {
    loaded: countsOf(loaded),
    present: countsOf(present),
    quarantined: countsOf(isLast ? refused : []),
  };
  let { ledger } = from;
  for (const column of ['loaded', 'present', 'quarantined'] as const) {
    for (const [type, count] of added[column]) {
      ledger = addToLedger(ledger, type, { [column]: count });
    }
  }
  const counted = { steps: from.steps + 1, lines: from.lines + lines.length, ledger };
  return place === undefined || place.offset >= file.bytes
    ? { ...counted, file: from.file + 1, offset: 0, line: 1 }
    : { ...counted, file: from.file, ...place };
}

/** The next lines of the file, and where they end; undefined at its end. */
async function readLines(deps: MigrationDependencies, { file, from }: LoadStep) {
  const lines: Line[] = [];
  let bytes = 0;
  const start = { offset: from.offset, number: from.line };
  const read = ndjsonLines(deps.blobs.read(file.url, { offset: from.offset }), {
    ...{ file: file.url, maxLineBytes: longestLine },
    ...(from.offset === 0 ? {} : { start }),
  });
  for await (const some of read) {
    for (const line of some) {
      if (lines.length >= most.lines || bytes >= most.bytes) {
        return { lines, place: { offset: line.offset, line: line.number } };
      }
      lines.push(lineOf(line.bytes));
      bytes += line.bytes.length;
    }
  }
  return { lines, place: undefined };
}

/** The staging let only lines with type and id through. */
function lineOf(bytes: Buffer): Line {
  const scan = scanResource(bytes);
  if (scan.kind !== 'resource' || scan.id === undefined) {
    throw new AppError('INTERNAL', 'a staged line has no type or id');
  }
  const { resourceType, id, versionId = null } = scan;
  return { resourceType, id, versionId, bytes: Buffer.from(bytes) };
}

async function write(
  { bundles }: MigrationDependencies,
  lines: readonly Line[],
): Promise<readonly BundleWriteResult[]> {
  const results = await bundles.load(
    lines.map(({ resourceType, id, bytes }) => ({ kind: 'put', resourceType, id, json: bytes })),
  );
  if (results.some(({ kind }) => kind === 'later')) {
    throw new AppError('FHIR_UNAVAILABLE', 'the target could not take all entries of a Bundle now');
  }
  return results;
}

const isLoaded = (result: BundleWriteResult | undefined): boolean =>
  result?.kind === 'created' || result?.kind === 'updated';

const countsOf = (lines: readonly Line[]): ReadonlyMap<string, number> =>
  new Map(
    [...Map.groupBy(lines, ({ resourceType }) => resourceType)].map(([type, some]) => [
      type,
      some.length,
    ]),
  );

interface Refused {
  readonly name: string;
  readonly refused: readonly Line[];
}

async function keepRefused(
  deps: MigrationDependencies,
  { migrationId, window }: BatchInput,
  { name, refused }: Refused,
): Promise<void> {
  const lines = refused.map(
    ({ resourceType, id, versionId, bytes }): QuarantinedLine => ({
      bytes,
      reference: `${resourceType}/${id}`,
      versionId,
      cause: 'refused',
    }),
  );
  await quarantine(deps, { migrationId, window, step: name, lines });
}

async function stageAgain(
  deps: MigrationDependencies,
  { input, file, from }: LoadStep,
  { name, refused }: Refused,
): Promise<void> {
  const { migrationId, window, batch } = input;
  const staged = await stageLines(deps, {
    ...{ migrationId, type: file.type, lines: refused.map(({ bytes }) => bytes) },
    name: `${windowName(window)}/again/${name}`,
  });
  const partition = `${inside(migrationId, windowName(window))}!${batch}!again`;
  const row = numbered(from.steps + 1);
  await deps.store.batchFiles.putAll(staged.map((record) => ({ partition, row, record })));
}
