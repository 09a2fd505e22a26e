import {
  type DeleteLookRecord,
  moved,
  type TimeRange,
  type WindowRecord,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { jobRow } from './export-jobs.ts';
import { type Run, runsPartition } from './run.ts';
import { batchPurpose } from './start-import.ts';

/** A look rests for so many times as long as it took: at most a twentieth of the time is spent on it. */
const restFactor = 20;

/**
 * Is it time to look for what was deleted for good in the source? Where versions have the instants
 * of the source in the target, and ids are the same on both sides; not when a proof follows.
 * @param importing the window that waits for its import
 */
export async function isLookDue(
  deps: MigrationDependencies,
  loaded: Run,
  importing: WindowRecord | undefined,
): Promise<boolean> {
  const { run, orders } = loaded;
  const { plan, cutOver } = orders;
  const isWanted = plan.hardDeletes === 'each-round' && plan.anonymizationConfig === null;
  const proofFollows = cutOver || plan.cutOver === 'when-caught-up' || run.state === 'verifying';
  if (!isWanted || proofFollows || !run.bulkImport) return false;
  if (importing !== undefined && (await hasBegun(deps, run.id, importing))) return false;
  if (rangeOfLook(loaded, importing) === undefined) return false;
  const look = await deps.store.deleteLooks.get(runsPartition, run.id);
  const isOpen = look?.state === 'open' && look.problem === null;
  return isOpen || restOf(loaded, look) <= deps.now().getTime();
}

/** When the next look may begin; milliseconds since 1970. */
function restOf({ run, orders }: Run, look: DeleteLookRecord | undefined): number {
  const interval = orders.plan.intervalSeconds * 1000;
  if (look === undefined) return Date.parse(run.startedAt) + interval;
  return Date.parse(look.at) + Math.max(interval, look.tookMs * restFactor);
}

/**
 * What both sides hold alike if nothing was deleted for good: everything before the first window
 * that is not loaded, less the overlap, in which late writes of the source may still show.
 */
export function rangeOfLook(
  { run, orders }: Run,
  importing: WindowRecord | undefined,
): TimeRange | undefined {
  const end = importing?.since ?? run.cursor;
  if (run.begin === null || end === null) return undefined;
  const till = moved(end, -orders.plan.overlapSeconds);
  return run.begin < till ? { since: run.begin, till } : undefined;
}

/** What an import that is under way brings is in no count yet. */
async function hasBegun(
  { store }: MigrationDependencies,
  id: string,
  { number }: WindowRecord,
): Promise<boolean> {
  const purpose = batchPurpose({ window: number, batch: '1' });
  return (await store.jobs.get(id, jobRow(purpose, 1))) !== undefined;
}
