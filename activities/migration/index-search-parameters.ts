import { safeCanonical } from '../../shared/readiness/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import { knownParameters } from './carry-search-parameters.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { pollPause } from './poll-pause.ts';
import { loadRun } from './run.ts';

export interface IndexSearchParametersInput {
  readonly migrationId: string;
  /** Path of the reindex that an earlier look started. */
  readonly job: string | null;
  readonly looks: number;
}

export type IndexedSearchParameters =
  | { readonly kind: 'indexed' }
  | { readonly kind: 'indexing'; readonly job: string; readonly seconds: number };

/**
 * Sees to it that the target can search by what was carried over: starts a reindex where a
 * parameter still waits for one, and looks at it. Into an empty target it is done at once, which
 * is why it comes before anything is loaded.
 */
export function createIndexSearchParameters(deps: MigrationDependencies) {
  const { service } = deps.ends.target;
  return async ({
    migrationId,
    job,
    looks,
  }: IndexSearchParametersInput): Promise<IndexedSearchParameters | Blocked> => {
    const { orders } = await loadRun(deps.store, migrationId);
    const seconds = pollPause(orders.plan, looks, {});
    if (job !== null && (await service.isReindexing(job)))
      return { kind: 'indexing', job, seconds };
    const waiting = await notSearchable(deps);
    if (waiting.length === 0) return { kind: 'indexed' };
    if (job !== null) {
      return blocked(
        `The reindex of the target ended, and these search parameters are still not enabled: ${waiting.join(', ')}. Look at SearchParameter/$status of the target.`,
      );
    }
    const started = await service.startReindex();
    return started === undefined
      ? { kind: 'indexed' }
      : { kind: 'indexing', job: started, seconds };
  };
}

/** URLs of the source's search parameters that the target knows and does not search by yet. */
async function notSearchable({ ends }: MigrationDependencies): Promise<readonly string[]> {
  const wanted = (await knownParameters(ends.source)) ?? new Map<string, unknown>();
  const waiting: string[] = [];
  for (const url of wanted.keys()) {
    const status = await ends.target.service.searchParameterStatus(url);
    if (status === 'Supported') waiting.push(safeCanonical(url));
  }
  return waiting;
}
