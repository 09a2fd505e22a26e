import type { RepairRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { loadRun } from './run.ts';

/** `to-be-loaded`: deleted, and what the source has of it is to be loaded once more. */
export type ExtraEnding = 'deleted' | 'to-be-loaded' | 'left';

export interface Extra {
  readonly migrationId: string;
  /** `Type/id`. */
  readonly reference: string;
  /** The last window that was planned, where it was found while copying. */
  readonly window?: number;
  /** What is done when the source has a trace of it: its tombstone comes by itself, or does not. */
  readonly deleted: 'comes' | 'is-applied';
}

/**
 * A resource that the target has alone. Hard deletes leave no trace in an export: what the source
 * does not know, neither by itself nor by its history, was deleted so. What the source still has is
 * left: somebody wrote to the target.
 */
export async function settleExtra(
  deps: MigrationDependencies,
  { migrationId, reference, window, deleted }: Extra,
): Promise<ExtraEnding> {
  const { source, target } = deps.ends;
  const { run } = await loadRun(deps.store, migrationId);
  const trace = await source.service.trace(reference);
  if (trace === 'found' || (trace === 'gone' && deleted === 'comes')) return 'left';
  const isHard = trace === 'none';
  await keepRepair(deps, migrationId, {
    kind: isHard ? 'hard-deleted' : 'deleted',
    reference,
    detail: 'deleted in the source',
    ...(window === undefined ? {} : { window }),
  });
  // A tombstone of today would stand above versions that the source gave this id later.
  await target.service.remove(reference, { hard: run.bulkImport });
  return isHard ? 'deleted' : 'to-be-loaded';
}

/** Listed before it is done: a crash between the two lists it once, and the repeat does it. */
async function keepRepair(
  { store, now }: MigrationDependencies,
  migrationId: string,
  repair: Pick<RepairRecord, 'kind' | 'reference' | 'detail' | 'window'>,
): Promise<void> {
  const at = now().toISOString();
  const record = { ...repair, versionId: null, at };
  await store.repairs.put(migrationId, `deleted!${repair.reference}`, record);
}
