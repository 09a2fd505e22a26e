import { AppError } from '../../shared/errors.ts';
import {
  type ChunkRecord,
  inside,
  numbered,
  type StagedFile,
  type StagedRecord,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import { chunkLines, scannedLines } from './chunk-lines.ts';
import { keepDeletes, stageDeletes } from './delete-files.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { plainLinesOf } from './files-read-ahead.ts';
import { keepVersionKeys } from './key-files.ts';
import { LineJudge, type PlainLines } from './line-judge.ts';
import { recordMoves } from './moved-versions.ts';
import { openChunkFile } from './open-chunk-file.ts';
import { stagingContainer } from './overlap.ts';
import { quarantine } from './quarantine.ts';
import { readingTerms, type Terms } from './reading-terms.ts';
import { loadRun, type Run } from './run.ts';
import { mendsOf } from './window-mends.ts';

export interface StageChunkInput {
  readonly migrationId: string;
  readonly window: number;
  readonly chunk: number;
}

export interface StagedChunk {
  readonly kind: 'staged';
  readonly lines: number;
}

/**
 * Reads the export files of one chunk, finds what the target would refuse, and puts a file of the
 * size that imports fastest into the staging container. Files that were read while the export ran
 * are not read again; those that need no change are not copied through here: the storage service
 * puts them together itself. After the window was inspected it is run again for chunks that have
 * lines to be moved or to be parted.
 */
export function createStageChunk(deps: MigrationDependencies) {
  return async (input: StageChunkInput): Promise<StagedChunk> => {
    const { migrationId, window: number, chunk } = input;
    const name = windowName(number);
    const partition = inside(migrationId, name);
    const [loaded, record, window] = await Promise.all([
      loadRun(deps.store, migrationId),
      deps.store.chunks.get(partition, numbered(chunk)),
      deps.store.windows.get(migrationId, numbered(number)),
      deps.blobs.ensureContainer(stagingContainer(migrationId)),
    ]);
    if (record === undefined || window === undefined) {
      throw new AppError('NOT_FOUND', `${name} of migration ${migrationId} has no chunk ${chunk}`);
    }
    const place: Place = { migrationId, window, chunk: record };
    const staged =
      record.type === null
        ? await stageDeletes(deps, place)
        : await stage(deps, place, loaded.orders);
    await deps.store.staged.put(partition, numbered(chunk), staged);
    const lines = Object.values(staged.ledger).reduce((sum, { exported }) => sum + exported, 0);
    return { kind: 'staged', lines };
  };
}

interface Place {
  readonly migrationId: string;
  readonly window: WindowRecord;
  readonly chunk: ChunkRecord;
}

async function stage(
  deps: MigrationDependencies,
  place: Place,
  { plan }: Run['orders'],
): Promise<StagedRecord> {
  const { migrationId, window, chunk } = place;
  const type = chunk.type ?? '';
  const at = { migrationId, window: window.number, chunk: chunk.number };
  const { overlapSeconds } = plan;
  const mends = await mendsOf(deps, at);
  const terms = await readingTerms(deps, { migrationId, window, type, overlapSeconds }, mends);
  const judging: Judging = { ...terms, isFirst: mends === undefined };
  const { judge, files } = await stagedFiles(deps, place, judging);
  await terms.options.end.keep(deps, { migrationId, window: window.number, type }, chunk.number);
  await keepVersionKeys(deps, at, judge.keys);
  await keepDeletes(deps, at, judge.deletes);
  await recordMoves(deps, migrationId, judge.moves);
  const step = `chunk-${numbered(chunk.number)}`;
  await quarantine(deps, { migrationId, window: window.number, step, lines: judge.unfit });
  const { ledger, bytes } = judge;
  return { chunk: chunk.number, ledger, bytes, files, mended: mends !== undefined };
}

interface Judging extends Terms {
  /** False when the lines are staged again, mended. */
  readonly isFirst: boolean;
}

/** Looks at every line, and writes what the storage service cannot put together by itself. */
async function stagedFiles(deps: MigrationDependencies, place: Place, judging: Judging) {
  const { options } = judging;
  const judge = new LineJudge(options);
  const first = await firstLook(deps, place, { ...judging, judge });
  const files: StagedFile[] = [];
  for (const [layer, found] of judge.layers.entries()) {
    if (found === undefined || found.lines === 0) continue;
    const again = { judge: new LineJudge({ ...options, end: undefined }), layer };
    const known = layer === 0 ? first : undefined;
    const { url, etag, bytes } =
      known ?? (judge.isPlain ? await composed(deps, place) : await written(deps, place, again));
    const file = { type: place.chunk.type ?? '', url, etag, bytes, ...found };
    files.push(layer === 0 ? file : { ...file, layer });
  }
  return { judge, files };
}

type Written = Pick<StagedFile, 'url' | 'etag' | 'bytes'>;

const urlsOf = ({ chunk }: Place): readonly string[] => chunk.files.map(({ url }) => url);

/** Files of another origin are fetched once: they are written while they are looked at. */
async function firstLook(
  deps: MigrationDependencies,
  place: Place,
  { judge, ...judging }: Judging & { readonly judge: LineJudge },
): Promise<Written | undefined> {
  if (!urlsOf(place).every((url) => deps.blobs.owns(url))) {
    return written(deps, place, { judge, layer: 0 });
  }
  for (const url of urlsOf(place)) {
    const plain = judging.isFirst
      ? await readBefore(deps, place, { url, terms: judging.id })
      : undefined;
    if (plain !== undefined) judge.takePlain(plain);
    else await takeLines(deps, place, { judge, url });
  }
  return undefined;
}

async function readBefore(
  deps: MigrationDependencies,
  { migrationId, window }: Place,
  { url, terms }: { readonly url: string; readonly terms: string },
): Promise<PlainLines | undefined> {
  const blob = await deps.blobs.find(url);
  if (blob === undefined) return undefined;
  const { etag } = blob;
  return plainLinesOf(deps, { migrationId, window: window.number }, { url, etag, terms });
}

async function takeLines(
  deps: MigrationDependencies,
  { chunk }: Place,
  { judge, url }: { readonly judge: LineJudge; readonly url: string },
): Promise<void> {
  const bytes = openChunkFile(deps, 'source', { chunk, url });
  for await (const lines of scannedLines(url, bytes)) {
    for (const line of lines) judge.take(line);
  }
}

/** A file that is alone in its chunk goes into the target as the source wrote it. */
async function composed({ blobs }: MigrationDependencies, place: Place): Promise<Written> {
  const urls = urlsOf(place);
  const [only = ''] = urls;
  const asItIs = urls.length === 1 ? await blobs.find(only) : undefined;
  return asItIs ?? blobs.compose(stagingContainer(place.migrationId), nameOf(place, 0), urls);
}

const written = (deps: MigrationDependencies, place: Place, reading: Reading): Promise<Written> =>
  deps.blobs.write(
    stagingContainer(place.migrationId),
    nameOf(place, reading.layer),
    linesOf(deps, place, reading),
  );

const nameOf = ({ window, chunk }: Place, layer: number): string =>
  `${windowName(window.number)}/${chunk.type}-${numbered(chunk.number)}${layer === 0 ? '' : `-${layer}`}.ndjson`;

interface Reading {
  readonly judge: LineJudge;
  /** The lines of this one are given out. */
  readonly layer: number;
}

async function* linesOf(
  deps: MigrationDependencies,
  { chunk }: Place,
  { judge, layer }: Reading,
): AsyncGenerator<Buffer> {
  const lineFeed = Buffer.from('\n');
  for await (const lines of chunkLines(deps, 'source', chunk)) {
    const parts: Buffer[] = [];
    for (const line of lines) {
      const placed = judge.take(line);
      if (placed?.layer === layer) parts.push(placed.bytes, lineFeed);
    }
    if (parts.length > 0) yield Buffer.concat(parts);
  }
}
