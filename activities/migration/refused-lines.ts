import {
  type ImportError,
  type ImportErrorCause,
  type ImportErrorLine,
  locateErrors,
  ndjsonLines,
  readImportErrors,
  scanResource,
} from '../../shared/bulk/index.ts';
import type { StagedFile } from '../../shared/migration/index.ts';
import { longestLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { moveRefused } from './move-refused.ts';
import type { QuarantinedLine } from './quarantine.ts';
import { targetHolds } from './target-history.ts';

export interface RefusedFile {
  readonly migrationId: string;
  readonly file: StagedFile;
  readonly errors: readonly ImportError[];
  /** Operations that the lines have been part of before. */
  readonly depth: number;
}

export interface RefusedLines {
  /** Lines of the file that error files name, each once. */
  readonly lines: number;
  /** Lines that the target holds already, version and content. */
  readonly present: number;
  /** Lines that deserve another operation. */
  readonly again: readonly Buffer[];
  readonly quarantined: readonly QuarantinedLine[];
}

/** Operations in which versions may still be moved: neighbours can come with the same one. */
const mostMoves = 3;

/** What is tried again, and up to which depth, before it is quarantined. */
const worthAnotherTry: Partial<Readonly<Record<ImportErrorCause, number>>> = {
  duplicate: 2,
  'version-conflict': 1,
  'too-large': 1,
  'future-date': 3,
  reference: 1,
  other: 2,
};

/**
 * Follows the error files of an import back to the lines of the file that was imported: a line is
 * named by its processing unit (byte offset) and its number in it. A unit that was started again
 * names its lines twice.
 */
export async function readRefusedLines(
  deps: MigrationDependencies,
  { migrationId, file, errors, depth }: RefusedFile,
): Promise<RefusedLines> {
  if (errors.length === 0) return { lines: 0, present: 0, again: [], quarantined: [] };
  const found = await linesAt(deps, file, await errorLines(deps, errors));
  const again: Buffer[] = [];
  const quarantined: QuarantinedLine[] = [];
  let present = 0;
  for (const { bytes, cause } of found) {
    const isConflict = cause === 'version-conflict' && depth < mostMoves;
    const moved = isConflict ? await moveRefused(deps, migrationId, bytes) : undefined;
    if (moved !== undefined) again.push(moved);
    else if (cause === 'already-loaded' || (await isPresent(deps, bytes, cause))) present += 1;
    else if (depth < (worthAnotherTry[cause] ?? 0)) again.push(bytes);
    else quarantined.push(toQuarantine(bytes, cause));
  }
  return { lines: found.length, present, again, quarantined };
}

async function errorLines(
  { blobs }: MigrationDependencies,
  errors: readonly ImportError[],
): Promise<readonly ImportErrorLine[]> {
  const found: ImportErrorLine[] = [];
  for (const errorUrl of new Set(errors.map((error) => error.errorUrl))) {
    if (errorUrl === undefined) continue;
    const lines = ndjsonLines(blobs.read(errorUrl), { file: errorUrl });
    for await (const some of readImportErrors(lines)) found.push(...some);
  }
  return found;
}

interface RefusedLine {
  readonly bytes: Buffer;
  readonly cause: ImportErrorCause;
}

/** Each line once, however often error files name it: a unit that was started again says it twice. */
async function linesAt(
  { blobs }: MigrationDependencies,
  file: StagedFile,
  errors: readonly ImportErrorLine[],
): Promise<readonly RefusedLine[]> {
  const found = new Map<number, RefusedLine>();
  const lines = ndjsonLines(blobs.read(file.url), { file: file.url, maxLineBytes: longestLine });
  for await (const located of locateErrors(lines, errors)) {
    for (const { error, line } of located) {
      if (found.has(line.offset)) continue;
      found.set(line.offset, { bytes: Buffer.from(line.bytes), cause: error.cause });
    }
  }
  return [...found.values()];
}

/** A duplicate or a conflict is none when the target holds this very version with this very content. */
const isPresent = async (
  deps: MigrationDependencies,
  bytes: Buffer,
  cause: ImportErrorCause,
): Promise<boolean> =>
  (cause === 'duplicate' || cause === 'version-conflict') && (await targetHolds(deps, bytes));

function toQuarantine(bytes: Buffer, cause: ImportErrorCause): QuarantinedLine {
  const scan = scanResource(bytes);
  if (scan.kind !== 'resource') return { bytes, reference: 'Resource/?', versionId: null, cause };
  const { resourceType, id = '?', versionId = null } = scan;
  return { bytes, reference: `${resourceType}/${id}`, versionId, cause };
}
