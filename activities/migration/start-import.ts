import { inside, type JobRecord, windowName } from '../../shared/migration/index.ts';
import { loadBatch } from './batch.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { loadRun } from './run.ts';

export interface BatchInput {
  readonly migrationId: string;
  readonly window: number;
  readonly batch: string;
}

export type StartedImport =
  | { readonly kind: 'started' }
  | { readonly kind: 'settled' }
  /** The target has no `$import`: the lines are written in Bundles. */
  | { readonly kind: 'bundles' }
  | { readonly kind: 'settling'; readonly seconds: number };

export const batchPurpose = ({ window, batch }: Omit<BatchInput, 'migrationId'>): string =>
  `${windowName(window)}!batch-${batch}`;

/**
 * Starts the import of a batch. The same request finds the same job (facts/migration.md §2.2), so a
 * repeat after a crash, or after an answer that was lost, starts nothing twice.
 */
export function createStartImport(deps: MigrationDependencies) {
  return async (input: BatchInput): Promise<StartedImport | Blocked> => {
    const { migrationId, window, batch: name } = input;
    const row = jobRow(batchPurpose(input), 1);
    const [batch, { run, orders }, known, files] = await Promise.all([
      loadBatch(deps.store, input),
      loadRun(deps.store, migrationId),
      deps.store.jobs.get(migrationId, row),
      deps.store.batchFiles.list(inside(migrationId, windowName(window), name)),
    ]);
    if (!run.bulkImport) return { kind: 'bundles' };
    if (batch.settled) return { kind: 'settled' };
    if (known?.state === 'running') return { kind: 'started' };
    if (files.length === 0) return blocked(`batch ${name} of ${windowName(window)} has no files`);
    const job: JobRecord = {
      kind: 'import',
      purpose: batchPurpose(input),
      side: 'target',
      attempt: 1,
      state: 'intended',
      statusUrl: null,
      container: null,
      intendedAt: deps.now().toISOString(),
      endedAt: null,
      pollSeconds: orders.plan.pollSeconds,
    };
    await deps.store.jobs.put(migrationId, row, job);
    const answer = await deps.importer.kickOff({
      files: files.map(({ type, url, etag }) => ({ url, etag, ...(type === '' ? {} : { type }) })),
      ...(batch.unitBytes === null ? {} : { unitBytes: batch.unitBytes }),
    });
    if (answer.kind === 'unknown') return { kind: 'settling', seconds: 2 };
    await deps.store.jobs.put(migrationId, row, {
      ...job,
      state: 'running',
      statusUrl: answer.statusUrl,
    });
    return { kind: 'started' };
  };
}
