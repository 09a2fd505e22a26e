import { AppError } from '../../shared/errors.ts';
import { type DeleteLookRecord, numbered } from '../../shared/migration/index.ts';
import { rangeOfLook } from './delete-look.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { beginLook } from './excess.ts';
import { narrowLook } from './narrow-look.ts';
import type { NextMoveInput } from './next-move.ts';
import { loadRun, type Run, runsPartition } from './run.ts';

export type FoundHardDeletes =
  | { readonly kind: 'more' }
  /** All was looked at; `removed` resources are gone from the target. */
  | { readonly kind: 'looked'; readonly removed: number }
  /** It is tried again after the interval; what keeps it is in its record. */
  | { readonly kind: 'put-off' };

/** Ranges that one step counts or lists: it is to end within a minute or so. */
const rangesAtOnce = 6;

/**
 * Finds resources that the target holds and the source has no trace of, and removes them from the
 * target: a hard delete shows in no search, history or export (facts/migration.md §2.4). Both sides
 * are counted by type; where they differ, by ever shorter ranges, and the ids of short ones are
 * compared. So it costs one count for each type and side while nothing was deleted, and a dozen
 * calls or so for a delete. It never holds up the copy: what goes wrong puts the look off.
 */
export function createFindHardDeletes(deps: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<FoundHardDeletes> => {
    const loaded = await loadRun(deps.store, migrationId);
    const before = await deps.store.deleteLooks.get(runsPartition, migrationId);
    try {
      return await lookOn(deps, loaded, before);
    } catch (error) {
      if (!(error instanceof AppError) || ours.includes(error.code)) throw error;
      await putOff(deps, loaded, { before, problem: error.message });
      return { kind: 'put-off' };
    }
  };
}

/** Without records there is nothing to put off, either. */
const ours: readonly string[] = ['INTERNAL', 'STATE_UNAVAILABLE'];

async function lookOn(
  deps: MigrationDependencies,
  loaded: Run,
  before: DeleteLookRecord | undefined,
): Promise<FoundHardDeletes> {
  const started = deps.now().getTime();
  let look = before?.state === 'open' ? before : await begin(deps, loaded, before);
  if (look === undefined) return { kind: 'put-off' };
  const spent = look.tookMs;
  for (let done = 0; done < rangesAtOnce && look.state === 'open'; done += 1) {
    const next: DeleteLookRecord = await narrowLook(deps, loaded, look);
    const now = deps.now();
    const tookMs = spent + Math.max(0, now.getTime() - started);
    look = { ...next, tookMs, at: now.toISOString(), problem: null };
    await deps.store.deleteLooks.put(runsPartition, loaded.run.id, look);
  }
  return look.state === 'open' ? { kind: 'more' } : { kind: 'looked', removed: look.removed };
}

async function begin(
  deps: MigrationDependencies,
  loaded: Run,
  before: DeleteLookRecord | undefined,
): Promise<DeleteLookRecord | undefined> {
  const { id, windows } = loaded.run;
  const last = await deps.store.windows.get(id, numbered(windows));
  const range = rangeOfLook(loaded, last?.state === 'importing' ? last : undefined);
  if (range === undefined) return undefined;
  const begun = await beginLook(deps, loaded, { range, explained: before?.explained ?? {} });
  const at = deps.now().toISOString();
  return { ...newLook, ...range, ...begun, window: windows, at };
}

const newLook = {
  state: 'open',
  types: [],
  ranges: [],
  removedOfType: 0,
  removed: 0,
  explained: {},
  tookMs: 0,
  problem: null,
} as const;

async function putOff(
  { store, now }: MigrationDependencies,
  { run }: Run,
  { before, problem }: { readonly before: DeleteLookRecord | undefined; readonly problem: string },
): Promise<void> {
  const at = now().toISOString();
  const none = { ...newLook, state: 'done', since: at, till: at, window: run.windows, at } as const;
  // As far as it came: the steps before this one have kept their ranges.
  const kept = (await store.deleteLooks.get(runsPartition, run.id)) ?? before ?? none;
  await store.deleteLooks.put(runsPartition, run.id, { ...kept, at, problem });
}
