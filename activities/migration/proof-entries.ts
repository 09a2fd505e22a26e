import { AppError } from '../../shared/errors.ts';
import type { ChunkRecord, Side } from '../../shared/migration/index.ts';
import {
  createResourceScanner,
  type ResourceScanner,
  type ScannedResource,
  type VersionEntry,
} from '../../shared/proof/index.ts';
import { rawChunkLines } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { carriedApart } from './line-judge.ts';
import type { MovedVersions } from './moved-versions.ts';

export interface EntriesOf {
  readonly side: Side;
  readonly chunk: ChunkRecord;
  /** Collect references too. */
  readonly references?: boolean;
  /** Versions that have another lastUpdated in the target: they are compared with that. */
  readonly moved?: MovedVersions;
}

/**
 * What is compared of the files of a chunk, some at a time: not what is quarantined as unreadable,
 * nor what is carried apart.
 */
export async function* entriesOf(
  deps: MigrationDependencies,
  { side, chunk, references = false, moved = new Map() }: EntriesOf,
): AsyncGenerator<readonly ScannedResource[]> {
  // Deletes told apart are Bundles, no resources of the service.
  if (chunk.type === null) return;
  const scanner = createResourceScanner({ references });
  for await (const lines of rawChunkLines(deps, side, chunk)) {
    const entries = lines.flatMap(({ bytes }) => scanOrSkip(scanner, bytes) ?? []);
    yield moved.size === 0 ? entries : entries.map((entry) => withMove(entry, moved));
  }
}

function withMove(entry: ScannedResource, moved: MovedVersions): ScannedResource {
  const lastUpdated = moved.get(entryKey(entry));
  return lastUpdated === undefined ? entry : { ...entry, lastUpdated };
}

export async function* linesWithEntries(
  deps: MigrationDependencies,
  side: Side,
  chunk: ChunkRecord,
): AsyncGenerator<{ readonly entry: ScannedResource; readonly line: Buffer }> {
  // Deletes told apart are Bundles, no resources of the service.
  if (chunk.type === null) return;
  const scanner = createResourceScanner();
  for await (const lines of rawChunkLines(deps, side, chunk)) {
    for (const { bytes } of lines) {
      const entry = scanOrSkip(scanner, bytes);
      if (entry !== undefined) yield { entry, line: bytes };
    }
  }
}

/** As `quarantinedKeys` has it. */
export const entryKey = ({ resourceType, id, versionId = '' }: VersionEntry): string =>
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
