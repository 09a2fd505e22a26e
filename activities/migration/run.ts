import { AppError } from '../../shared/errors.ts';
import {
  type MigrationStore,
  type OrdersRecord,
  type RunEvent,
  type RunRecord,
  requireTransition,
  type Side,
} from '../../shared/migration/index.ts';

export const runsPartition = 'runs';

export interface Run {
  readonly run: RunRecord;
  readonly orders: OrdersRecord;
}

/** @throws AppError NOT_FOUND */
export async function loadRun(store: MigrationStore, id: string): Promise<Run> {
  const [run, orders] = await Promise.all([
    store.runs.get(runsPartition, id),
    store.orders.get(runsPartition, id),
  ]);
  if (run === undefined || orders === undefined) {
    throw new AppError('NOT_FOUND', `there is no migration ${id}`);
  }
  return { run, orders };
}

export async function saveRun(store: MigrationStore, run: RunRecord): Promise<RunRecord> {
  await store.runs.put(runsPartition, run.id, run);
  return run;
}

/** The run in the state that the event leads to. */
export function after(
  run: RunRecord,
  event: RunEvent,
  change: Partial<RunRecord> & { readonly changedAt: string },
): RunRecord {
  const state = requireTransition(run.state, event);
  return {
    ...run,
    reason: null,
    ...change,
    state,
    changedAt: state === run.state ? run.changedAt : change.changedAt,
  };
}

/** Which `$export` a side speaks; null: it is read page by page. A target with `$import` is Azure's. */
export function dialectOf(
  { exportDialect, bulkImport }: RunRecord,
  side: Side,
): RunRecord['exportDialect'] {
  if (side === 'source') return exportDialect;
  return bulkImport ? 'ahds' : null;
}

export interface Carried {
  readonly history: boolean;
  readonly deletes: boolean;
  /** All versions, deletes included: then the history is what is counted. */
  readonly everything: boolean;
}

/**
 * What the two services can carry of what was planned: old versions need `$export` as Azure has it
 * and `$import`, which alone keeps versions (docs/migration.md).
 */
export function carriedBy({ run, orders: { plan } }: Run): Carried {
  const able = run.exportDialect === 'ahds' && run.bulkImport;
  const history = able && plan.history;
  const deletes = able && plan.deletes;
  return { history, deletes, everything: history && deletes };
}
