import { AppError } from '../../shared/errors.ts';
import {
  type ExtractRecord,
  type JobRecord,
  numbered,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import { scannedLines } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { keepReadFile, readAheadSoFar } from './files-read-ahead.ts';
import { LineJudge } from './line-judge.ts';
import { stagingContainer } from './overlap.ts';
import { readingTerms } from './reading-terms.ts';
import { loadRun } from './run.ts';

export interface ReadAheadInput {
  readonly migrationId: string;
  readonly window: number;
  /** Until the next look at the export; no file is begun after them. */
  readonly seconds: number;
  /** The service asked for them: the pause is not made shorter. */
  readonly asked: boolean;
  /** Lines that were read before. */
  readonly lines: number;
}

export interface ReadAhead {
  readonly kind: 'read';
  /** Lines that are read by now. */
  readonly lines: number;
  /** What is left of the pause. */
  readonly seconds: number;
  /** With these lines the export has all that was counted: it is about to say that it has ended. */
  readonly complete: boolean;
}

/**
 * Reads files of an export while it still runs, so that staging has only those left to read that
 * came last. What a file came to is kept with the ETag of the blob, and counts for that blob only: a
 * job that was restarted, or given up, costs nothing but the reading. It is an advance, so what
 * fails is left to the staging, which says why.
 */
export function createReadAhead(deps: MigrationDependencies) {
  return async ({ migrationId, window: number, ...input }: ReadAheadInput): Promise<ReadAhead> => {
    const until = deps.now().getTime() + input.seconds * 1000;
    const left = () => Math.max(0, (until - deps.now().getTime()) / 1000);
    const nothing: ReadAhead = {
      kind: 'read',
      lines: input.lines,
      seconds: left(),
      complete: false,
    };
    let { lines } = input;
    try {
      const under = await exportUnderWay(deps, { migrationId, number });
      if (under === undefined) return nothing;
      for await (const read of readFiles(deps, { migrationId, ...under })) {
        lines += read;
        if (left() === 0) break;
      }
      return { kind: 'read', lines, ...afterIt(under, { ...input, to: lines, left: left() }) };
    } catch (error) {
      if (error instanceof AppError) return { ...nothing, lines, seconds: left() };
      throw error;
    }
  };
}

interface Stretch {
  /** Lines that were read before, and are read now. */
  readonly lines: number;
  readonly to: number;
  readonly asked: boolean;
  /** Seconds of the pause. */
  readonly left: number;
}

function afterIt(
  { extract: { expected }, job }: UnderWay,
  { lines, to, asked, left }: Stretch,
): Pick<ReadAhead, 'complete' | 'seconds'> {
  const complete = expected > 0 && lines < expected && to >= expected;
  const first = job.pollSeconds?.first ?? left;
  return { complete, seconds: complete && !asked ? Math.min(first, left) : left };
}

interface UnderWay {
  readonly window: WindowRecord;
  readonly extract: ExtractRecord;
  readonly job: JobRecord;
  readonly container: string;
}

/** Undefined for a job that does not say where it writes, and when records are gone: the next look says so. */
async function exportUnderWay(
  { store }: MigrationDependencies,
  { migrationId, number }: { readonly migrationId: string; readonly number: number },
): Promise<UnderWay | undefined> {
  const [window, extract] = await Promise.all([
    store.windows.get(migrationId, numbered(number)),
    store.extracts.get(migrationId, windowName(number)),
  ]);
  if (window === undefined || extract === undefined) return undefined;
  const job = await store.jobs.get(migrationId, jobRow(extract.name, extract.attempt));
  if (job === undefined || job.container === null) return undefined;
  return { window, extract, job, container: job.container };
}

interface Reading extends UnderWay {
  readonly migrationId: string;
}

/** The lines of each file that is there and was not read before. */
async function* readFiles(deps: MigrationDependencies, reading: Reading): AsyncGenerator<number> {
  const { migrationId, window, container } = reading;
  const isRead = await readAheadSoFar(deps, { migrationId, window: window.number });
  for await (const { name, url, etag } of deps.blobs.list(container)) {
    const type = typeOf(name);
    if (type === undefined || isRead(url)) continue;
    yield await readFile(deps, reading, { type, url, etag });
  }
}

/** Files are named `{timestamp}-{id}/{Type}-{job}-{seq}.ndjson` (facts/migration.md §2.1). */
const typeOf = (name: string): string | undefined => /\/([A-Za-z]+)-[^/]*\.ndjson$/.exec(name)?.[1];

interface FoundFile {
  readonly type: string;
  readonly url: string;
  readonly etag: string;
}

async function readFile(
  deps: MigrationDependencies,
  { migrationId, window }: Reading,
  { type, url, etag }: FoundFile,
): Promise<number> {
  const [{ orders }] = await Promise.all([
    loadRun(deps.store, migrationId),
    deps.blobs.ensureContainer(stagingContainer(migrationId)),
  ]);
  const { overlapSeconds } = orders.plan;
  const terms = await readingTerms(deps, { migrationId, window, type, overlapSeconds });
  const judge = new LineJudge(terms.options);
  const bytes = deps.ends.source.openFile({ url }, { requiresAccessToken: false });
  let read = 0;
  for await (const lines of scannedLines(url, bytes)) {
    for (const line of lines) judge.take(line);
    read += lines.length;
  }
  const place = { migrationId, window: window.number };
  await keepReadFile(deps, place, { url, etag, terms: terms.id, found: judge.plainLines });
  return read;
}
