import {
  byCause,
  type DeleteLookRecord,
  type MigrationStore,
  type OrdersRecord,
  progressOf,
  type RunRecord,
} from '../../shared/migration/index.ts';
import { movingNow } from './under-way.ts';

/** A migration as people see it: its state, what to do about it, and how far it is. */
export async function showMigration(
  store: MigrationStore,
  { run, orders }: { readonly run: RunRecord; readonly orders: OrdersRecord },
) {
  const now = new Date().toISOString();
  const [windows, quarantine, repairs, proofs, estimate, cleanup, look] = await Promise.all([
    store.windows.list(run.id),
    store.quarantine.list(run.id, 1000),
    store.repairs.list(run.id, 1000),
    store.proofs.list(run.id),
    store.estimates.get('runs', run.id),
    store.cleanups.get('runs', run.id),
    store.deleteLooks.get('runs', run.id),
  ]);
  const { plan, ...given } = orders;
  const { types, ...progress } = progressOf(run, windows, {
    now,
    estimate,
    ...(await movingNow(store, run.id, windows)),
  });
  const { id, state, reason, startedAt, changedAt, frozenAt } = run;
  return {
    ...{ id, state, reason, startedAt, changedAt, frozenAt },
    orders: given,
    plan,
    progress,
    types,
    quarantine: byCause(quarantine),
    deleted: repairs.filter(({ kind }) => kind === 'deleted' || kind === 'hard-deleted').length,
    hardDeletes: {
      found: repairs.filter(({ kind }) => kind === 'hard-deleted').length,
      look: look === undefined ? null : shownLook(look),
    },
    proof: proofs.at(-1) ?? null,
    cleanup: cleanup?.of === run.changedAt ? cleanup : null,
  };
}

/** Up to which instant of the source hard deletes were looked for, and what keeps the look from going on. */
function shownLook({ state, till, at, removed, problem }: DeleteLookRecord) {
  return { state, till, at, removed, problem };
}
