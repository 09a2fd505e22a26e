import type { PollTrouble } from '../../shared/bulk/index.ts';
import { isRetryable } from '../../shared/errors.ts';
import type { JobRecord } from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';

const hour = 3_600_000;
/** Answers that say nothing about the job, one after another for so long, are no hiccup. */
const longestTrouble = hour;
/** No job takes so long; one that does not end by itself is not waited for. */
const longestJob = 7 * 24 * hour;

export type Patience =
  | { readonly kind: 'wait' }
  /** The job is not to be expected to end: another is to be started in its place. */
  | { readonly kind: 'over'; readonly cause: string }
  | Blocked;

export interface LookedAtJob {
  readonly migrationId: string;
  readonly job: JobRecord;
  /** Of this look; undefined when the job itself answered. */
  readonly trouble: PollTrouble | undefined;
}

/**
 * Whether a job that has not ended is still waited for. The record remembers since when its looks
 * came to nothing. After an hour of that, a service that answers otherwise is taken to have lost
 * the job; for one that does not, a new job would fare no better: a person is asked, and the job is
 * looked at again.
 */
export async function patienceWith(
  deps: MigrationDependencies,
  { migrationId, job, trouble }: LookedAtJob,
): Promise<Patience> {
  const now = deps.now().getTime();
  const troubleSince =
    trouble === undefined ? null : (job.troubleSince ?? new Date(now).toISOString());
  if (troubleSince !== (job.troubleSince ?? null)) {
    const row = jobRow(job.purpose, job.attempt);
    await deps.store.jobs.put(migrationId, row, { ...job, troubleSince });
  }
  if (now - Date.parse(job.intendedAt) > longestJob) {
    return { kind: 'over', cause: 'the job did not end within seven days' };
  }
  if (troubleSince === null || now - Date.parse(troubleSince) < longestTrouble) {
    return { kind: 'wait' };
  }
  const cause = `nothing is heard of the job since ${troubleSince} (${trouble ?? ''})`;
  if (await answers(deps, job)) return { kind: 'over', cause };
  return blocked(
    `${job.purpose}: ${cause}, and the ${job.side} does not answer otherwise either. Check the service and the identity of the app; the job is looked at again.`,
  );
}

/** By a call that wants the same rights, and costs the service little. */
async function answers({ ends }: MigrationDependencies, { side }: JobRecord): Promise<boolean> {
  try {
    await ends[side].service.edge('newest', false);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends a job that is not waited for, if it can be ended now. One that cannot is ended when the
 * migration is at rest (`endJobs`).
 */
export async function tryToEnd(cancel: () => Promise<unknown>): Promise<void> {
  try {
    await cancel();
  } catch (error) {
    if (!isRetryable(error)) throw error;
  }
}
