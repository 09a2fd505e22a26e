import { AppError } from '../../shared/errors.ts';
import {
  type BatchRecord,
  inside,
  type MigrationStore,
  type StagedFile,
  windowName,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { BatchInput } from './start-import.ts';

/** @throws AppError NOT_FOUND */
export async function loadBatch(
  store: MigrationStore,
  { migrationId, window, batch }: BatchInput,
): Promise<BatchRecord> {
  const name = windowName(window);
  const found = await store.batches.get(inside(migrationId, name), batch);
  if (found !== undefined) return found;
  throw new AppError('NOT_FOUND', `${name} of migration ${migrationId} has no batch ${batch}`);
}

/** A processing unit of an import takes this much unless told otherwise. */
const usualUnitBytes = 10_000_000;

export interface NewBatch extends BatchInput {
  readonly files: readonly StagedFile[];
  /** Operations that these lines have been part of before. */
  readonly depth: number;
}

/**
 * Records an import operation to come. Its unit size differs from that of earlier operations with
 * the same files: the service answers an equal request with the old job, even one that failed
 * (facts/migration.md §2.2).
 */
export async function recordBatch(
  { store }: MigrationDependencies,
  { migrationId, window, batch, files, depth }: NewBatch,
): Promise<void> {
  const name = windowName(window);
  const longest = files.reduce((most, file) => Math.max(most, file.longest), 0);
  const unitBytes = Math.max(usualUnitBytes, longest + 1_000_000) + depth * 1_000;
  await store.batchFiles.putAll(
    files.map((file, index) => ({
      partition: inside(migrationId, name, batch),
      row: String(index + 1).padStart(7, '0'),
      record: file,
    })),
  );
  await store.batches.put(inside(migrationId, name), batch, {
    name: batch,
    files: files.length,
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    unitBytes: unitBytes === usualUnitBytes ? null : unitBytes,
    depth,
    settled: false,
    ledger: {},
  });
}
