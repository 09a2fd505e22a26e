import type { ExportFile } from '../../shared/bulk/index.ts';
import type { ChunkRecord, Side } from '../../shared/migration/index.ts';
import { chunksOf } from './chunks.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { dialectOf, loadRun } from './run.ts';

/**
 * The bytes of one file of a chunk. A link that has ended is asked for once more, from the manifest
 * of the same job fetched anew (Bulk Data Access IG, `Expires`).
 */
export function openChunkFile(
  deps: MigrationDependencies,
  side: Side,
  { chunk, url }: { readonly chunk: ChunkRecord; readonly url: string },
): AsyncIterable<Buffer> {
  const { requiresAccessToken } = chunk;
  const renew = () => renewed(deps, side, { chunk, url });
  return deps.ends[side].openFile({ url }, { requiresAccessToken, renew });
}

async function renewed(
  { store, ends }: MigrationDependencies,
  side: Side,
  { chunk, url }: { readonly chunk: ChunkRecord; readonly url: string },
): Promise<ExportFile | undefined> {
  if (chunk.job === undefined) return undefined;
  const { migrationId, purpose, attempt } = chunk.job;
  const job = await store.jobs.get(migrationId, jobRow(purpose, attempt));
  const { run, orders } = await loadRun(store, migrationId);
  const dialect = dialectOf(run, side);
  if (!job?.statusUrl || dialect === null) return undefined;
  const status = await ends[side].exporter(dialect).status(job.statusUrl);
  if (status.kind !== 'done') return undefined;
  // The same manifest gives the same chunks: only the links are others.
  const now = chunksOf(status.manifest, orders.plan)[chunk.number - 1];
  const file = now?.files[chunk.files.findIndex((one) => one.url === url)];
  return file === undefined ? undefined : { url: file.url };
}
