import type { MigrationStore } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { ProofInput } from './proof-files.ts';
import { quarantineRow } from './quarantine.ts';

const detailOf = (proof: number): string =>
  `deleted in the source and written again, found by proof ${proof}`;

const repairRow = (reference: string): string => `deleted!${reference}`;

/** A step that was cut after the removal has nothing left in the target to tell it by. */
export async function wasBegun(
  { store }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  reference: string,
): Promise<boolean> {
  const repair = await store.repairs.get(migrationId, repairRow(reference));
  return repair?.detail === detailOf(proof);
}

/** Removes what the target holds of a resource that the source deleted for good and wrote again. */
export async function endFormerLife(
  { ends, store, now }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  reference: string,
): Promise<void> {
  await store.repairs.put(migrationId, repairRow(reference), {
    kind: 'hard-deleted',
    reference,
    versionId: null,
    detail: detailOf(proof),
    at: now().toISOString(),
  });
  await releaseConflicts(store, migrationId, reference);
  await ends.target.service.remove(reference, { hard: true });
}

/** Removes what was loaded of a resource before its versions were put in order. What the target lacks after a cut in the middle is found missing by the next proof. */
export async function forgetLoaded(
  { ends, store, now }: MigrationDependencies,
  { migrationId }: ProofInput,
  reference: string,
): Promise<void> {
  await store.repairs.put(migrationId, `loaded-again!${reference}`, {
    kind: 'loaded-again',
    reference,
    versionId: null,
    detail: 'its versions were put in the order of their instants after some were loaded',
    at: now().toISOString(),
  });
  await releaseConflicts(store, migrationId, reference);
  await ends.target.service.remove(reference, { hard: true });
}

async function releaseConflicts(
  store: MigrationStore,
  migrationId: string,
  reference: string,
): Promise<void> {
  for await (const record of store.quarantine.each(migrationId)) {
    if (record.reference !== reference || record.cause !== 'version-conflict') continue;
    await store.quarantine.remove(migrationId, quarantineRow(record));
  }
}
