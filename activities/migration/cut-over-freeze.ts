import { AppError } from '../../shared/errors.ts';
import { type FreezeRecord, moved } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { type Run, runsPartition } from './run.ts';

export type Freeze =
  | { readonly kind: 'frozen' }
  /** Not known yet, or not so; `reason` says what to do. */
  | { readonly kind: 'waits'; readonly reason: string };

const makeReadOnly =
  'cut-over: waits until the source has not changed for the lag; make it read-only';
const looksAgain = 'cut-over: the source is still; looks once more after the lag';

/**
 * Is the source read-only by now? Everything it holds is copied up to the cursor, nothing is newer,
 * and two looks that are at least the lag apart find the same newest version and the same number
 * of changes: a write that was under way at the first look would show in the second. Deletes are
 * versions of the history and count; hard deletes leave nothing to see and are found by the proof.
 */
export async function lookForFreeze(
  deps: MigrationDependencies,
  { run, orders }: Run,
): Promise<Freeze> {
  const cursor = run.cursor;
  const newest = await newestChange(deps);
  if (newest !== undefined && cursor !== null && newest >= cursor) {
    await deps.store.freezes.remove(runsPartition, run.id);
    return { kind: 'waits', reason: makeReadOnly };
  }
  const { plan } = orders;
  const before = await deps.store.freezes.get(runsPartition, run.id);
  const look = await lookAt(deps, { run, orders }, before, newest ?? null);
  const same = before?.newest === look.newest && before.changes === look.changes;
  const apart =
    before === undefined ? 0 : (Date.parse(look.lookedAt) - Date.parse(before.lookedAt)) / 1000;
  if (same && apart >= plan.lagSeconds) {
    await deps.store.freezes.remove(runsPartition, run.id);
    return { kind: 'frozen' };
  }
  if (!same) await deps.store.freezes.put(runsPartition, run.id, look);
  return { kind: 'waits', reason: looksAgain };
}

/** Has anything changed after the instant that the migration was frozen at? */
export async function hasThawed(
  deps: MigrationDependencies,
  { run, orders: { plan } }: Run,
): Promise<boolean> {
  if (run.frozenAt === null || plan.till !== null) return false;
  const newest = await newestChange(deps);
  return newest !== undefined && newest >= run.frozenAt;
}

async function lookAt(
  { ends: { source } }: MigrationDependencies,
  { run, orders: { plan } }: Run,
  before: FreezeRecord | undefined,
  newest: string | null,
): Promise<FreezeRecord> {
  const lookedAt = await source.service.serverTime();
  const margin = plan.lagSeconds + plan.overlapSeconds;
  const since = before?.since ?? moved(run.cursor ?? lookedAt, -margin);
  const changes = await changesSince(source.service, since, plan.types);
  return { since, newest, changes, lookedAt };
}

type SourceService = MigrationDependencies['ends']['source']['service'];

/** Versions since the instant, deletes included where the service keeps a history. */
async function changesSince(
  service: SourceService,
  since: string,
  types: readonly string[],
): Promise<number> {
  const groups = types.length === 0 ? [[]] : types.map((type) => [type]);
  let changes = 0;
  for (const group of groups) {
    changes += await withHistoryOrWithout((history) =>
      service.count({ types: group, since, history }),
    );
  }
  return changes;
}

const newestChange = ({ ends }: MigrationDependencies): Promise<string | undefined> =>
  withHistoryOrWithout((history) => ends.source.service.edge('newest', history));

/** A service may know no history of the whole; then what is current has to do. */
async function withHistoryOrWithout<T>(ask: (history: boolean) => Promise<T>): Promise<T> {
  try {
    return await ask(true);
  } catch (error) {
    if (error instanceof AppError && error.code === 'FHIR_REFUSED') return ask(false);
    throw error;
  }
}
