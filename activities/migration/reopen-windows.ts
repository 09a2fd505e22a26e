import {
  type ExtractRecord,
  inside,
  numbered,
  type RunRecord,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { batchPurpose } from './start-import.ts';

/**
 * Puts windows that are under way back to their beginning, because their files are removed: going
 * on exports them anew, and what the target has taken already is recognised as present. A window
 * of mended differences has no export of its own; it is closed empty, and the next proof finds
 * again what is left of it.
 */
export async function reopenWindows(deps: MigrationDependencies, run: RunRecord): Promise<void> {
  const { store, now } = deps;
  for await (const window of store.windows.each(run.id)) {
    if (window.state === 'closed') continue;
    await forgetStaging(deps, run, window);
    const name = windowName(window.number);
    const extract = await store.extracts.get(run.id, name);
    const fresh: WindowRecord = { ...window, batches: 0, ledger: {}, bytes: 0 };
    const next: WindowRecord =
      extract === undefined
        ? { ...fresh, state: 'closed', expected: 0, closedAt: now().toISOString() }
        : { ...fresh, state: 'exporting' };
    if (extract !== undefined) await store.extracts.put(run.id, name, plannedAgain(extract));
    else await forgetReplay(deps, run, window);
    await store.pulls.remove(run.id, name);
    await store.windows.put(run.id, numbered(window.number), next);
  }
}

/** Past the last attempt, whose job has ended: the next one has a job and a container of its own. */
const plannedAgain = (extract: ExtractRecord): ExtractRecord => ({
  ...extract,
  attempt: extract.attempt === 0 ? 0 : extract.attempt + 1,
  state: 'planned',
  chunks: 0,
  lines: 0,
  shortLooks: 0,
});

/** A replay that was cut is done again from the order. */
async function forgetReplay(
  { store }: MigrationDependencies,
  { id }: RunRecord,
  { number }: WindowRecord,
): Promise<void> {
  for (const { window, orderedAt } of await store.replays.list(id)) {
    if (window === number) await store.replays.remove(id, orderedAt);
  }
}

/** What was staged and loaded for a window; lines that the target has taken stay there. */
export async function forgetStaging(
  { store }: MigrationDependencies,
  { id }: Pick<RunRecord, 'id'>,
  { number }: Pick<WindowRecord, 'number'>,
): Promise<void> {
  const partition = inside(id, windowName(number));
  for (const { number: chunk } of await store.chunks.list(partition)) {
    await store.chunks.remove(partition, numbered(chunk));
  }
  for (const { chunk } of await store.staged.list(partition)) {
    await store.staged.remove(partition, numbered(chunk));
  }
  for (const { name } of await store.batches.list(partition)) {
    await store.loads.remove(id, batchPurpose({ window: number, batch: name }));
    await store.batches.remove(partition, name);
  }
  await store.imports.remove(id, numbered(number));
}
