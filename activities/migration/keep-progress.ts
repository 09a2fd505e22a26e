import type { ImportStatus } from '../../shared/bulk/index.ts';
import { inside, numbered, totalOf, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { BatchInput } from './start-import.ts';

/** Enough to tell the rate of the last minutes. */
const mostSamples = 20;

/** Keeps what an import says of itself while it runs, for people who watch; only looks write it. */
export async function keepProgress(
  { store, now }: MigrationDependencies,
  { migrationId, window }: BatchInput,
  { outputs, errors }: Extract<ImportStatus, { readonly kind: 'running' }>,
): Promise<void> {
  const row = numbered(window);
  const batches = await store.batches.list(inside(migrationId, windowName(window)));
  const settled = batches
    .map(({ ledger }) => totalOf(ledger))
    .reduce((sum, { loaded, present, quarantined }) => sum + loaded + present + quarantined, 0);
  const before = await store.imports.get(migrationId, row);
  const sample = {
    at: now().toISOString(),
    loaded: settled + outputs.reduce((sum, { count }) => sum + count, 0),
    refused: errors.reduce((sum, { count }) => sum + count, 0),
  };
  const samples = [...(before?.samples ?? []), sample].slice(-mostSamples);
  await store.imports.put(migrationId, row, { window, settled, samples });
}
