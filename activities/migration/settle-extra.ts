import type { RepairRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { ProofInput } from './proof-files.ts';
import { loadRun } from './run.ts';

/** `to-be-loaded`: deleted, and what the source has of it is to be loaded once more. */
export type ExtraEnding = 'deleted' | 'to-be-loaded' | 'left';

/**
 * A resource that the target has alone. Hard deletes leave no trace in an export: what the source
 * does not know was deleted so. What the source still has is left: somebody wrote to the target.
 */
export async function settleExtra(
  deps: MigrationDependencies,
  { migrationId }: ProofInput,
  reference: string,
): Promise<ExtraEnding> {
  const { source, target } = deps.ends;
  const { run } = await loadRun(deps.store, migrationId);
  const standing = await source.service.standing(reference);
  if (standing.kind === 'found') return 'left';
  const isHard = standing.kind === 'missing';
  await keepRepair(deps, migrationId, {
    kind: isHard ? 'hard-deleted' : 'deleted',
    reference,
    detail: 'deleted in the source',
  });
  // A tombstone of today would stand above versions that the source gave this id later.
  await target.service.remove(reference, { hard: run.bulkImport });
  return isHard ? 'deleted' : 'to-be-loaded';
}

/** Listed before it is done: a crash between the two lists it once, and the repeat does it. */
async function keepRepair(
  { store, now }: MigrationDependencies,
  migrationId: string,
  { kind, reference, detail }: Pick<RepairRecord, 'kind' | 'reference' | 'detail'>,
): Promise<void> {
  const at = now().toISOString();
  const record = { kind, reference, versionId: null, detail, at };
  await store.repairs.put(migrationId, `deleted!${reference}`, record);
}
