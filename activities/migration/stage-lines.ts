import type { StagedFile } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { stagingContainer } from './overlap.ts';

export interface LinesToStage {
  readonly migrationId: string;
  readonly type: string;
  /** Blob below the staging container, without its ending. */
  readonly name: string;
  readonly lines: readonly Buffer[];
}

const lineFeed = Buffer.from('\n');

/** Writes single lines as a file for import; nothing when there are none. */
export async function stageLines(
  { blobs }: MigrationDependencies,
  { migrationId, type, name, lines }: LinesToStage,
): Promise<readonly StagedFile[]> {
  if (lines.length === 0) return [];
  const content = Buffer.concat(lines.flatMap((line) => [line, lineFeed]));
  const container = stagingContainer(migrationId);
  const { url, etag, bytes } = await blobs.write(container, `${name}.ndjson`, content);
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0);
  return [{ type, url, etag, bytes, lines: lines.length, longest }];
}
