import type { ExtractRecord, JobRecord, RunRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobIdIn, jobRow } from './export-jobs.ts';
import { tryToEnd } from './job-deadline.ts';
import { dialectOf } from './run.ts';

/**
 * Ends jobs of earlier attempts that were given up unseen, because their kick-off was never
 * answered, and that have begun after all: they show by what they write. Only one job of an
 * extract is to be alive, for the sake of the service (facts/migration.md §2.1).
 */
export async function endLateJobs(
  deps: MigrationDependencies,
  run: RunRecord,
  { name, attempt }: ExtractRecord,
): Promise<void> {
  for (let earlier = 1; earlier < attempt; earlier += 1) {
    const job = await deps.store.jobs.get(run.id, jobRow(name, earlier));
    if (job !== undefined && wasUnseen(job)) await endIfBegun(deps, run, job);
  }
}

const wasUnseen = ({ state, statusUrl, endedAt }: JobRecord): boolean =>
  state === 'lost' && statusUrl === null && endedAt === null;

async function endIfBegun(
  deps: MigrationDependencies,
  run: RunRecord,
  job: JobRecord,
): Promise<void> {
  const id = job.container === null ? undefined : await jobIdIn(deps, job.container);
  if (id === undefined) return;
  const exporter = deps.ends[job.side].exporter(dialectOf(run, job.side) ?? 'ahds');
  const statusUrl = exporter.statusUrlOf(id);
  // With its address, it is ended when the migration is at rest if it cannot be ended now.
  await deps.store.jobs.put(run.id, jobRow(job.purpose, job.attempt), { ...job, statusUrl });
  await tryToEnd(() => exporter.cancel(statusUrl));
}
