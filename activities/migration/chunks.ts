import type { ExportFile, ExportManifest } from '../../shared/bulk/index.ts';
import type { ChunkRecord, MigrationPlan } from '../../shared/migration/index.ts';

/** A record of a chunk has to fit a table property. */
const mostFiles = 60;

/**
 * Parts the files of an export into chunks of one type each, filled up to the size that imports
 * fastest. A file without a count is a chunk of its own. Deletes told apart (Bulk Data Access IG
 * `deleted`) come last and have no type.
 */
export function chunksOf(
  manifest: ExportManifest,
  { fileResources }: Pick<MigrationPlan, 'fileResources'>,
): readonly ChunkRecord[] {
  const byType = Map.groupBy(manifest.files, ({ type }) => type ?? '');
  const types = [...byType.keys()].sort();
  const filled = types.flatMap((type) =>
    fill(byType.get(type) ?? [], fileResources).map((files) => ({ type, files })),
  );
  const deletes = fill(manifest.deleted, fileResources).map((files) => ({ type: null, files }));
  const { requiresAccessToken } = manifest;
  return [...filled, ...deletes].map(({ type, files }, index) => ({
    number: index + 1,
    type,
    requiresAccessToken,
    files: files.map(({ url, count }) => ({ url, count: count ?? null })),
  }));
}

function fill(files: readonly ExportFile[], limit: number): readonly (readonly ExportFile[])[] {
  const chunks: ExportFile[][] = [];
  let room = 0;
  for (const file of files) {
    const size = file.count ?? limit;
    const last = chunks.at(-1);
    if (last === undefined || size > room || last.length >= mostFiles) {
      chunks.push([file]);
      room = limit - size;
    } else {
      last.push(file);
      room -= size;
    }
  }
  return chunks;
}
