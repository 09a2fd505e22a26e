import {
  type NdjsonLine,
  ndjsonLines,
  type ResourceScan,
  scanResource,
} from '../../shared/bulk/index.ts';
import type { ChunkRecord, Side } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { openChunkFile } from './open-chunk-file.ts';

export interface ScannedLine {
  readonly line: NdjsonLine;
  readonly scan: ResourceScan;
}

/** The longest line that is read at all; `$import` takes no larger resource either. */
export const longestLine = 64 * 1024 * 1024;

/** The lines of all files of a chunk, batch by batch, each with what it says of itself. */
export async function* chunkLines(
  deps: MigrationDependencies,
  side: Side,
  chunk: ChunkRecord,
): AsyncGenerator<readonly ScannedLine[]> {
  for (const { url } of chunk.files) {
    yield* scannedLines(url, openChunkFile(deps, side, { chunk, url }));
  }
}

/** The lines of one file. */
export async function* scannedLines(
  url: string,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<readonly ScannedLine[]> {
  for await (const lines of ndjsonLines(bytes, { file: url, maxLineBytes: longestLine })) {
    yield lines.map((line) => ({ line, scan: scanResource(line.bytes) }));
  }
}

/** The same lines without a look inside. */
export async function* rawChunkLines(
  deps: MigrationDependencies,
  side: Side,
  chunk: ChunkRecord,
): AsyncGenerator<readonly NdjsonLine[]> {
  for (const { url } of chunk.files) {
    const bytes = openChunkFile(deps, side, { chunk, url });
    yield* ndjsonLines(bytes, { file: url, maxLineBytes: longestLine });
  }
}
