import {
  inside,
  type RunRecord,
  totalOf,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { batchPurpose } from './start-import.ts';

/**
 * Removes the files in which imports said why they refused lines: they lie in a container of the
 * service that other imports use too, so each is found by the status of its job. Only imports
 * that refused something are asked.
 */
export async function removeErrorFiles(deps: MigrationDependencies, run: RunRecord): Promise<void> {
  if (!run.bulkImport) return;
  for await (const window of deps.store.windows.each(run.id)) {
    for (const name of await refusing(deps, run, window)) {
      const row = jobRow(batchPurpose({ window: window.number, batch: name }), 1);
      const job = await deps.store.jobs.get(run.id, row);
      if (job?.statusUrl) await removeOf(deps, job.statusUrl);
    }
  }
}

async function refusing(
  { store }: MigrationDependencies,
  { id }: RunRecord,
  { number }: WindowRecord,
): Promise<readonly string[]> {
  const batches = await store.batches.list(inside(id, windowName(number)));
  return batches
    .filter(({ lines, ledger }) => totalOf(ledger).loaded < lines)
    .map(({ name }) => name);
}

async function removeOf(
  { importer, blobs }: MigrationDependencies,
  statusUrl: string,
): Promise<void> {
  const status = await importer.status(statusUrl);
  if (status.kind !== 'done') return;
  for (const { errorUrl } of status.errors) {
    if (errorUrl !== undefined && blobs.owns(errorUrl)) await blobs.remove(errorUrl);
  }
}
