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
  for await (const job of deps.store.jobs.each(run.id)) {
    if (mayRun(job)) ended += await endJob(deps, run, job);
    else if (keepsFiles(run, job) && job.statusUrl !== null) {
      await cancel(deps, run, { ...job, statusUrl: job.statusUrl });
    }
  }
  return ended;
}

/** A lost job without an end was given up unseen: it may have begun after all. */
const mayRun = ({ state, endedAt }: JobRecord): boolean => state !== 'ended' && endedAt === null;

const keepsFiles = (run: RunRecord, { kind, side }: JobRecord): boolean =>
  kind === 'export' && dialectOf(run, side) === 'ig';

async function endJob(
  deps: MigrationDependencies,
  run: RunRecord,
  job: JobRecord,
): Promise<number> {
  const statusUrl = await statusUrlOf(deps, run, job);
  if (statusUrl !== undefined) await cancel(deps, run, { ...job, statusUrl });
  await deps.store.jobs.put(run.id, jobRow(job.purpose, job.attempt), {
    ...job,
    state: statusUrl === undefined ? 'lost' : 'ended',
    statusUrl: statusUrl ?? null,
    endedAt: deps.now().toISOString(),
  });
  return statusUrl === undefined ? 0 : 1;
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
