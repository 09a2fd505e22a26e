import type { MigrationDependencies } from './dependencies.ts';
import type { NextMoveInput } from './next-move.ts';
import { after, loadRun, runsPartition, saveRun } from './run.ts';

export interface RecordBlockInput {
  readonly migrationId: string;
  readonly reason: string;
}

/**
 * The migration waits for a person or another system; it looks again by itself, with growing pauses.
 * One whose records are gone has nothing to be recorded in: the next move ends it.
 */
export function createRecordBlock({ store, now }: MigrationDependencies) {
  return async ({ migrationId, reason }: RecordBlockInput): Promise<Recorded> => {
    const run = await store.runs.get(runsPartition, migrationId);
    if (run === undefined) return { kind: 'recorded' };
    const changedAt = now().toISOString();
    const next = after(run, 'blocked', { changedAt, reason, blockedTimes: run.blockedTimes + 1 });
    await saveRun(store, { ...next, changedAt });
    return { kind: 'recorded' };
  };
}

export function createRecordPrepared({ store, now }: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<Recorded> => {
    const { run } = await loadRun(store, migrationId);
    if (run.state === 'preparing') {
      await saveRun(store, after(run, 'prepared', { changedAt: now().toISOString() }));
    }
    return { kind: 'recorded' };
  };
}

export interface Recorded {
  readonly kind: 'recorded';
}
