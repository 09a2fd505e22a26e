import { inside, sumLedgers, windowName } from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import { bringSearchParameters } from './carry-search-parameters.ts';
import { deleteFiles, readReferences } from './delete-files.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { loadRun } from './run.ts';
import type { WindowInput } from './seal-staging.ts';

export interface ApplyDeletesInput extends WindowInput {
  /** Files of deletes that are applied already. */
  readonly done: number;
}

export type AppliedDeletes =
  | { readonly kind: 'more'; readonly done: number }
  | { readonly kind: 'applied'; readonly deleted: number };

/**
 * What a window brings beside lines for an import, before any of them: deletes that the source
 * tells apart, one file at a time, and search parameters, which `$import` refuses. A resource that
 * the source holds again is left alone: its lines win. Runs at the start of the import, so never
 * before the window before is loaded.
 */
export function createApplyDeletes(deps: MigrationDependencies) {
  return async (input: ApplyDeletesInput): Promise<AppliedDeletes | Blocked> => {
    const files = await deleteFiles(deps, input);
    const url = files[input.done];
    if (url !== undefined) {
      for (const reference of await readReferences(deps, url)) {
        await applyDelete(deps, input.migrationId, reference);
      }
      return { kind: 'more', done: input.done + 1 };
    }
    const problem = await carryApart(deps, input);
    return problem ?? { kind: 'applied', deleted: files.length };
  };
}

async function applyDelete(
  { ends, store, now }: MigrationDependencies,
  migrationId: string,
  reference: string,
): Promise<void> {
  const inSource = await ends.source.service.standing(reference);
  if (inSource.kind === 'found') return;
  const inTarget = await ends.target.service.standing(reference);
  if (inTarget.kind !== 'found') return;
  const { run } = await loadRun(store, migrationId);
  await store.repairs.put(migrationId, `deleted!${reference}`, {
    kind: 'deleted',
    reference,
    versionId: null,
    detail: 'the source names it as deleted',
    at: now().toISOString(),
  });
  // A tombstone of today would stand above versions that the source gave this id later.
  await ends.target.service.remove(reference, { hard: run.bulkImport });
}

/** The batch under which the books of what no import operation takes are kept. */
const apartBatch = 'apart';

/** Search parameters of the window are put by themselves: changed ones are loaded, others are there. */
async function carryApart(
  deps: MigrationDependencies,
  { migrationId, window }: WindowInput,
): Promise<Blocked | undefined> {
  const partition = inside(migrationId, windowName(window));
  const staged = await deps.store.staged.list(partition);
  const entry = sumLedgers(staged.map(({ ledger }) => ledger))['SearchParameter'];
  const lines = (entry?.exported ?? 0) - (entry?.quarantined ?? 0);
  const known = await deps.store.batches.get(partition, apartBatch);
  if (lines <= 0 || known !== undefined) return undefined;
  const brought = await bringSearchParameters(deps);
  if (brought.kind === 'unfit') return blocked(brought.reason);
  const loaded = Math.min(lines, brought.written);
  await deps.store.batches.put(partition, apartBatch, {
    ...{ name: apartBatch, files: 0, lines, unitBytes: null, depth: 0, settled: true },
    ledger: {
      SearchParameter: { exported: 0, loaded, present: lines - loaded, quarantined: 0 },
    },
  });
  return undefined;
}
