import { scanResource } from '../../shared/bulk/index.ts';
import {
  addToLedger,
  inside,
  numbered,
  ordered,
  type RunRecord,
  referenceHash,
  type StagedFile,
  VersionKeyWriter,
  type WindowLedger,
  windowName,
} from '../../shared/migration/index.ts';
import { recordBatch } from './batch.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { keepVersionKeys } from './key-files.ts';
import { stagingContainer } from './overlap.ts';
import { forgetStaging } from './reopen-windows.ts';
import { loadRun } from './run.ts';
import { stageLines } from './stage-lines.ts';

export type LinesByType = ReadonlyMap<string, readonly Buffer[]>;

/**
 * Prepares a window of its own for lines that are loaded once more: what the target lacks, or what
 * comes out of quarantine. It is imported and accounted for like every other, once the run counts
 * it among its windows, which is the caller's to write: until then a repeat prepares it anew, and
 * there are never two for one purpose.
 * @param parts of at most as many lines as fit in memory at once; each becomes a chunk
 * @returns the number of the window; undefined when there are no lines
 */
export async function openRepairWindow(
  deps: MigrationDependencies,
  migrationId: string,
  parts: AsyncIterable<LinesByType>,
): Promise<number | undefined> {
  const { run } = await loadRun(deps.store, migrationId);
  const window = run.windows + 1;
  await deps.blobs.ensureContainer(stagingContainer(migrationId));
  await forgetStaging(deps, run, { number: window });
  const files: StagedFile[] = [];
  const chunks: Chunk[] = [];
  for await (const lines of parts) {
    const chunk = await stagePart(deps, { migrationId, window, chunk: chunks.length + 1, lines });
    files.push(...chunk.files);
    chunks.push(chunk);
  }
  if (files.length === 0) return undefined;
  await recordBatch(deps, { migrationId, window, batch: '1', files, depth: 0 });
  await recordWindow(deps, { run, window, chunks });
  return window;
}

interface Chunk {
  readonly files: readonly StagedFile[];
  readonly ledger: WindowLedger;
  readonly lines: number;
  readonly bytes: number;
}

interface Part {
  readonly migrationId: string;
  readonly window: number;
  readonly chunk: number;
  readonly lines: LinesByType;
}

async function stagePart(
  deps: MigrationDependencies,
  { migrationId, window, chunk, lines }: Part,
): Promise<Chunk> {
  const files: StagedFile[] = [];
  let ledger: WindowLedger = {};
  for (const [type, some] of lines) {
    const name = `${windowName(window)}/${type}-${numbered(chunk)}`;
    files.push(...(await stageLines(deps, { migrationId, type, name, lines: some })));
    ledger = addToLedger(ledger, type, { exported: some.length });
  }
  await keepVersionKeys(deps, { migrationId, window, chunk }, keysOf(lines));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const record = { chunk, ledger, bytes, files };
  await deps.store.staged.put(inside(migrationId, windowName(window)), numbered(chunk), record);
  return { ...record, lines: files.reduce((sum, file) => sum + file.lines, 0) };
}

/** So that a later proof can tell these copies from what somebody else wrote to the target. */
function keysOf(lines: LinesByType): VersionKeyWriter {
  const keys = new VersionKeyWriter();
  for (const line of [...lines.values()].flat()) {
    const scan = scanResource(line);
    if (scan.kind !== 'resource') continue;
    const order = ordered(scan.versionId ?? null, scan.lastUpdated ?? null);
    const hash = referenceHash(`${scan.resourceType}/${scan.id ?? ''}`);
    if (order !== undefined) keys.add({ ...hash, ...order, pinned: true });
  }
  return keys;
}

interface RecordedWindow {
  readonly run: RunRecord;
  readonly window: number;
  readonly chunks: readonly Chunk[];
}

async function recordWindow(
  { store, now }: MigrationDependencies,
  { run, window, chunks }: RecordedWindow,
): Promise<void> {
  const at = now().toISOString();
  const till = run.frozenAt ?? run.cursor ?? at;
  const lines = chunks.reduce((sum, chunk) => sum + chunk.lines, 0);
  await store.windows.put(run.id, numbered(window), {
    number: window,
    since: run.begin ?? till,
    till,
    state: 'importing',
    expected: lines,
    batches: 1,
    ledger: {},
    bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
    startedAt: at,
    closedAt: null,
  });
}
