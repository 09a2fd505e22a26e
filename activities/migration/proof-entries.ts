import { AppError } from '../../shared/errors.ts';
import type { ChunkRecord, Side } from '../../shared/migration/index.ts';
import {
  createResourceScanner,
  type ResourceScanner,
  type ScannedResource,
} from '../../shared/proof/index.ts';
import { rawChunkLines } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';

/**
 * Types that `$import` refuses. They are carried over by themselves before anything is loaded, and
 * get versions of their own in the target.
 */
const carriedApart: readonly string[] = ['SearchParameter'];

/** What is compared of the files of a chunk: not what is quarantined as unreadable, nor what is carried apart. */
export async function* entriesOf(
  deps: MigrationDependencies,
  side: Side,
  chunk: ChunkRecord,
): AsyncGenerator<ScannedResource> {
  for await (const { entry } of linesWithEntries(deps, side, chunk)) yield entry;
}

export async function* linesWithEntries(
  deps: MigrationDependencies,
  side: Side,
  chunk: ChunkRecord,
): AsyncGenerator<{ readonly entry: ScannedResource; readonly line: Buffer }> {
  const scanner = createResourceScanner();
  for await (const lines of rawChunkLines(deps, side, chunk)) {
    for (const { bytes } of lines) {
      const entry = scanOrSkip(scanner, bytes);
      if (entry !== undefined) yield { entry, line: bytes };
    }
  }
}

/** As `quarantinedKeys` has it. */
export const entryKey = ({ resourceType, id, versionId = '' }: ScannedResource): string =>
  `${resourceType}/${id}/${versionId}`;

function scanOrSkip(scanner: ResourceScanner, line: Buffer): ScannedResource | undefined {
  try {
    const entry = scanner.scan(line);
    return carriedApart.includes(entry.resourceType) ? undefined : entry;
  } catch (error) {
    if (error instanceof AppError && error.code === 'INPUT_INVALID') return undefined;
    throw error;
  }
}
