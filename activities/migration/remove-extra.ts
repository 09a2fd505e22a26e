import type { TimeRange } from '../../shared/migration/index.ts';
import type { MigrationDependencies, MigrationEnd } from './dependencies.ts';
import { carriedBy, type Run } from './run.ts';
import { settleExtra } from './settle-extra.ts';

export interface ExtraPlace {
  readonly loaded: Run;
  readonly type: string;
  readonly window: number;
}

/** Resources that are looked up and deleted side by side. */
const width = 8;

/**
 * Compares the ids of both sides in a range, and removes from the target what the source has no
 * trace of. What was changed there since is found by its read; what was soft-deleted comes with a
 * later window, unless deletes cannot be carried.
 * @returns how many are removed
 */
export async function removeExtra(
  { ends, ...deps }: MigrationDependencies,
  { loaded, type, window }: ExtraPlace,
  { since, till }: TimeRange,
): Promise<number> {
  const carried = carriedBy(loaded);
  const request = { type, since, till, history: carried.everything };
  const alone = await idsIn(ends.target, request);
  if (alone.size === 0) return 0;
  for (const id of await idsIn(ends.source, request)) alone.delete(id);
  const applied = loaded.orders.plan.deletes && !carried.deletes;
  const references = [...alone].map((id) => `${type}/${id}`);
  let removed = 0;
  for (let from = 0; from < references.length; from += width) {
    const endings = await Promise.all(
      references.slice(from, from + width).map((reference) =>
        settleExtra(
          { ...deps, ends },
          {
            ...{ migrationId: loaded.run.id, reference, window },
            deleted: applied ? 'is-applied' : 'comes',
          },
        ),
      ),
    );
    removed += endings.filter((ending) => ending !== 'left').length;
  }
  return removed;
}

async function idsIn(
  { service }: MigrationEnd,
  request: Parameters<MigrationEnd['service']['ids']>[0],
): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const ids of service.ids(request)) for (const id of ids) found.add(id);
  return found;
}
