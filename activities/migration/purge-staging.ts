import { AppError } from '../../shared/errors.ts';
import type { CleanupRecord, RunRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { endJobs } from './end-jobs.ts';
import type { NextMoveInput } from './next-move.ts';
import { proofContainer } from './proof-files.ts';
import { quarantineContainer } from './quarantine.ts';
import { removeErrorFiles } from './remove-error-files.ts';
import { reopenWindows } from './reopen-windows.ts';
import { loadRun, runsPartition } from './run.ts';

export type PurgedStaging =
  | { readonly kind: 'purged'; readonly containers: number; readonly jobs: number }
  /** Tried again; the record says why. */
  | { readonly kind: 'failing' };

/**
 * Removes what a migration at rest has no use for: jobs that are still open on the services, and
 * every container of exports, staging and proofs. What stays: the certificate, the differences and
 * digests it is made of, the readiness report, and quarantined lines, which can be replayed.
 * A migration that was stopped can go on: its open windows are exported anew.
 */
export function createPurgeStaging(deps: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<PurgedStaging> => {
    const { run } = await loadRun(deps.store, migrationId);
    const before = await deps.store.cleanups.get(runsPartition, migrationId);
    const attempts = before?.of === run.changedAt ? before.attempts + 1 : 1;
    const record = { of: run.changedAt, attempts, at: deps.now().toISOString() };
    try {
      const done = await clean(deps, run);
      await keep(deps, run, { ...record, ...done, state: 'done', problem: null });
      return { kind: 'purged', containers: done.containersRemoved, jobs: done.jobsEnded };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error;
      const counts = { jobsEnded: 0, containersRemoved: 0 };
      await keep(deps, run, { ...record, ...counts, state: 'failing', problem: error.message });
      return { kind: 'failing' };
    }
  };
}

const keep = (
  { store }: MigrationDependencies,
  { id }: RunRecord,
  record: CleanupRecord,
): Promise<void> => store.cleanups.put(runsPartition, id, record);

async function clean(
  deps: MigrationDependencies,
  run: RunRecord,
): Promise<Pick<CleanupRecord, 'jobsEnded' | 'containersRemoved'>> {
  const jobsEnded = await endJobs(deps, run);
  await removeErrorFiles(deps, run);
  // Before its files go: a crash between the two must not leave a window that waits for them.
  if (run.state !== 'completed') await reopenWindows(deps, run);
  const stay = [proofContainer(run.id), quarantineContainer(run.id)];
  let containersRemoved = 0;
  for await (const name of deps.blobs.containers(`fds-${run.id}-`)) {
    if (stay.includes(name)) continue;
    await deps.blobs.removeContainer(name);
    containersRemoved += 1;
  }
  return { jobsEnded, containersRemoved };
}
