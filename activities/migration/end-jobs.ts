import type { JobRecord, RunRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobIdIn, jobRow } from './export-jobs.ts';
import { dialectOf } from './run.ts';

/**
 * Ends every job of a migration that may still be at work on a service: running ones, and those
 * whose kick-off was never answered, if they show themselves by what they have written. Servers by
 * the Bulk Data Access IG are also told that the files of ended exports were fetched, which frees
 * them (IG, "Bulk Data Delete Request").
 * @returns how many were ended
 */
export async function endJobs(deps: MigrationDependencies, run: RunRecord): Promise<number> {
  let ended = 0;
  const endedAt = deps.now().toISOString();
  for await (const job of deps.store.jobs.each(run.id)) {
    const open = job.state === 'running' || job.state === 'intended';
    const dialect = dialectOf(run, job.side);
    const keepsFiles = job.kind === 'export' && dialect === 'ig' && job.endedAt !== null;
    const mayRun = open || (job.state === 'lost' && job.endedAt === null);
    if (!mayRun && !keepsFiles) continue;
    const statusUrl = await statusUrlOf(deps, run, job);
    if (statusUrl !== undefined) await cancel(deps, run, { ...job, statusUrl });
    if (!mayRun) continue;
    const state = statusUrl === undefined ? 'lost' : 'ended';
    const { purpose, attempt } = job;
    await deps.store.jobs.put(run.id, jobRow(purpose, attempt), {
      ...job,
      ...{ state, statusUrl: statusUrl ?? null, endedAt },
    });
    if (statusUrl !== undefined) ended += 1;
  }
  return ended;
}

/** Undefined when the service knows no such job, as far as can be told. */
async function statusUrlOf(
  deps: MigrationDependencies,
  run: RunRecord,
  { kind, side, statusUrl, container }: JobRecord,
): Promise<string | undefined> {
  if (statusUrl !== null) return statusUrl;
  const dialect = dialectOf(run, side);
  if (kind === 'import' || container === null || dialect === null) return undefined;
  const id = await jobIdIn(deps, container);
  return id === undefined ? undefined : deps.ends[side].exporter(dialect).statusUrlOf(id);
}

async function cancel(
  deps: MigrationDependencies,
  run: RunRecord,
  { kind, side, statusUrl }: JobRecord & { readonly statusUrl: string },
): Promise<void> {
  if (kind === 'import') await deps.importer.cancel(statusUrl);
  else await deps.ends[side].exporter(dialectOf(run, side) ?? 'ahds').cancel(statusUrl);
}
