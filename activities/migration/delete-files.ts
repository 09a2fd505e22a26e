import { ndjsonLines, readDeletes } from '../../shared/bulk/index.ts';
import {
  type ChunkRecord,
  numbered,
  type StagedRecord,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import { longestLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { openChunkFile } from './open-chunk-file.ts';
import { stagingContainer } from './overlap.ts';
import type { WindowPlace } from './window-mends.ts';

const folderOf = (window: number): string => `${windowName(window)}/deletes/`;

/** Keeps references that are to be deleted in the target when the window is imported. */
export async function keepDeletes(
  { blobs }: MigrationDependencies,
  { migrationId, window, chunk }: WindowPlace & { readonly chunk: number },
  references: readonly string[],
): Promise<void> {
  if (references.length === 0) return;
  const name = `${folderOf(window)}${numbered(chunk)}.txt`;
  const content = Buffer.from(references.map((reference) => `${reference}\n`).join(''));
  await blobs.write(stagingContainer(migrationId), name, content);
}

/** Files of references to delete, one for each chunk that has any, in order. */
export async function deleteFiles(
  { blobs }: MigrationDependencies,
  { migrationId, window }: WindowPlace,
): Promise<readonly string[]> {
  const urls: string[] = [];
  for await (const { url } of blobs.list(stagingContainer(migrationId), folderOf(window))) {
    urls.push(url);
  }
  return urls;
}

export async function readReferences(
  { blobs }: MigrationDependencies,
  url: string,
): Promise<readonly string[]> {
  const references: string[] = [];
  for await (const lines of ndjsonLines(blobs.read(url), { file: url })) {
    for (const { bytes } of lines) references.push(bytes.toString('utf8'));
  }
  return references;
}

interface DeletesPlace {
  readonly migrationId: string;
  readonly window: WindowRecord;
  readonly chunk: ChunkRecord;
}

/** Files of deletes that the source tells apart (Bulk Data Access IG, `deleted`): no lines for an import. */
export async function stageDeletes(
  deps: MigrationDependencies,
  { migrationId, window, chunk }: DeletesPlace,
): Promise<StagedRecord> {
  const references = new Set<string>();
  for (const { url } of chunk.files) {
    const lines = ndjsonLines(openChunkFile(deps, 'source', { chunk, url }), {
      file: url,
      maxLineBytes: longestLine,
    });
    for await (const deletes of readDeletes(lines, 'a file of deletes')) {
      for (const { resourceType, id } of deletes) references.add(`${resourceType}/${id}`);
    }
  }
  const place = { migrationId, window: window.number, chunk: chunk.number };
  await keepDeletes(deps, place, [...references]);
  return { chunk: chunk.number, ledger: {}, bytes: 0, files: [] };
}
