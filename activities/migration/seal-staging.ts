import { AppError } from '../../shared/errors.ts';
import {
  inside,
  numbered,
  type StagedFile,
  sumLedgers,
  totalOf,
  windowName,
} from '../../shared/migration/index.ts';
import { recordBatch } from './batch.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { loadExtract } from './extract.ts';
import { inspectWindow } from './inspect-window.ts';
import { loadRun, saveRun } from './run.ts';

export interface WindowInput {
  readonly migrationId: string;
  readonly window: number;
}

export type SealedStaging =
  | { readonly kind: 'sealed'; readonly lines: number }
  /** These chunks have lines that the target would refuse as they are: they are staged again, mended. */
  | { readonly kind: 'unmended'; readonly chunks: readonly number[] };

/** Files of one `$import` operation at most (facts/migration.md §2.2). */
const mostFiles = 10_000;

/** Closes the staging of a window: one large import operation out of all its files, and the books so far. */
export function createSealStaging(deps: MigrationDependencies) {
  return async ({ migrationId, window: number }: WindowInput): Promise<SealedStaging | Blocked> => {
    const name = windowName(number);
    const partition = inside(migrationId, name);
    const [window, extract, staged, { run }] = await Promise.all([
      deps.store.windows.get(migrationId, numbered(number)),
      loadExtract(deps.store, migrationId, name),
      deps.store.staged.list(partition),
      loadRun(deps.store, migrationId),
    ]);
    if (window === undefined) throw new AppError('NOT_FOUND', `there is no ${name}`);
    if (staged.length !== extract.chunks) {
      return blocked(
        `${name}: ${extract.chunks - staged.length} chunks are not staged. It is tried again.`,
      );
    }
    const ledger = sumLedgers(staged.map((part) => part.ledger));
    const { exported } = totalOf(ledger);
    if (extract.lines > 0 && exported !== extract.lines) {
      return blocked(
        `${name}: the manifest names ${extract.lines} resources, the files hold ${exported}. Export the window again.`,
      );
    }
    // A window that came out empty has nothing to inspect, nor a container to keep findings in.
    if (run.bulkImport && staged.length > 0) {
      const { attempt } = extract;
      const chunks = await inspectWindow(deps, { migrationId, window: number, attempt });
      if (chunks.length > 0) return { kind: 'unmended', chunks };
    }
    const groups = operationsOf(staged.flatMap((part) => part.files));
    for (const [index, files] of groups.entries()) {
      const batch = String(index + 1);
      await recordBatch(deps, { migrationId, window: number, batch, files, depth: 0 });
    }
    const batches = groups.length;
    const bytes = staged.reduce((sum, part) => sum + part.bytes, 0);
    await deps.store.windows.put(migrationId, numbered(number), {
      ...window,
      state: 'importing',
      batches,
      ledger,
      bytes,
    });
    await measure(deps, migrationId, { bytes, exported });
    return { kind: 'sealed', lines: exported };
  };
}

/** Files of different layers go into different operations, and so do more than one takes. */
function operationsOf(files: readonly StagedFile[]): readonly (readonly StagedFile[])[] {
  const layers = [...Map.groupBy(files, ({ layer = 0 }) => layer)];
  return layers
    .sort(([one], [other]) => one - other)
    .flatMap(([, some]) =>
      Array.from({ length: Math.ceil(some.length / mostFiles) }, (_, index) =>
        some.slice(index * mostFiles, (index + 1) * mostFiles),
      ),
    );
}

/** Windows are sized by what resources really weigh. */
async function measure(
  { store }: MigrationDependencies,
  migrationId: string,
  { bytes, exported }: { readonly bytes: number; readonly exported: number },
): Promise<void> {
  if (exported < 100) return;
  const { run } = await loadRun(store, migrationId);
  await saveRun(store, { ...run, bytesPerResource: Math.max(1, bytes / exported) });
}
