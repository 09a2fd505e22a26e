import { AppError } from '../../shared/errors.ts';
import type { ExtractRecord, MigrationStore } from '../../shared/migration/index.ts';

/** @throws AppError NOT_FOUND */
export async function loadExtract(
  store: MigrationStore,
  migrationId: string,
  name: string,
): Promise<ExtractRecord> {
  const extract = await store.extracts.get(migrationId, name);
  if (extract !== undefined) return extract;
  throw new AppError('NOT_FOUND', `migration ${migrationId} has no extract ${name}`);
}
