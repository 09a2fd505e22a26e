import type { Blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { patienceWith, tryToEnd } from './job-deadline.ts';
import { keepProgress } from './keep-progress.ts';
import { pollPause } from './poll-pause.ts';
import { loadRun } from './run.ts';
import { type BatchInput, batchPurpose } from './start-import.ts';

export interface PollImportInput extends BatchInput {
  readonly looks: number;
}

export type PolledImport =
  | { readonly kind: 'running'; readonly seconds: number; readonly loaded: number }
  | { readonly kind: 'ended' }
  /** The service no longer knows the job: start it again, which finds it or makes a new one. */
  | { readonly kind: 'again' };

/** Looks at an import job; sparingly, because each look can cost the service a minute (facts/migration.md §2.2). */
export function createPollImport(deps: MigrationDependencies) {
  return async (input: PollImportInput): Promise<PolledImport | Blocked> => {
    const row = jobRow(batchPurpose(input), 1);
    const job = await deps.store.jobs.get(input.migrationId, row);
    if (job === undefined || job.statusUrl === null) return { kind: 'again' };
    const status = await deps.importer.status(job.statusUrl);
    if (status.kind === 'gone') {
      await deps.store.jobs.put(input.migrationId, row, {
        ...job,
        state: 'intended',
        statusUrl: null,
      });
      return { kind: 'again' };
    }
    if (status.kind !== 'running') return { kind: 'ended' };
    const { trouble } = status;
    const patience = await patienceWith(deps, { migrationId: input.migrationId, job, trouble });
    if (patience.kind === 'blocked') return patience;
    if (patience.kind === 'over') {
      const { statusUrl } = job;
      await tryToEnd(() => deps.importer.cancel(statusUrl));
      return { kind: 'ended' };
    }
    const { secondsLeft } = await keepProgress(deps, input, status);
    const pollSeconds = job.pollSeconds ?? (await plannedPause(deps, input.migrationId));
    return {
      kind: 'running',
      seconds: pollPause({ pollSeconds }, input.looks, { ...status, secondsLeft }),
      loaded: status.outputs.reduce((sum, { count }) => sum + count, 0),
    };
  };
}

/** For records of an older release, which do not say how often the job is looked at. */
async function plannedPause({ store }: MigrationDependencies, migrationId: string) {
  return (await loadRun(store, migrationId)).orders.plan.pollSeconds;
}
