import { randomBytes } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import {
  isAtRest,
  type MigrationPlan,
  type MigrationStore,
  type OrdersRecord,
  type RunRecord,
} from '../../shared/migration/index.ts';
import { type Starter, startOnce } from '../start-once.ts';

const partition = 'runs';

export const migrationInstance = (id: string): string => `migration-${id}`;

/**
 * Records a migration and starts its orchestration. One at a time: two would race for the same
 * target and neither could be proven.
 * @throws AppError CONFLICT
 */
export async function startMigration(
  store: MigrationStore,
  client: Starter,
  plan: MigrationPlan,
): Promise<string> {
  const runs = await store.runs.list(partition);
  const other = runs.find(({ state }) => !isAtRest(state));
  if (other !== undefined) {
    throw new AppError(
      'CONFLICT',
      `migration ${other.id} is ${other.state}. Stop it or let it end first.`,
    );
  }
  const at = new Date().toISOString();
  // Ids sort by time and are short enough for names of containers.
  const id = `${at.replaceAll(/\D/g, '').slice(2, 14)}${randomBytes(2).toString('hex')}`;
  await store.orders.put(partition, id, newOrders(plan, at));
  await store.runs.put(partition, id, newRun(id, at));
  await wake(client, id);
  return id;
}

/** Starts the orchestration of a migration, or leaves it alone when it is at work. */
export async function wake(client: Starter, id: string): Promise<void> {
  await startOnce(client, {
    name: 'migrate',
    instanceId: migrationInstance(id),
    input: { migrationId: id, move: 0 },
  });
}

const newOrders = (plan: MigrationPlan, orderedAt: string): OrdersRecord => ({
  plan,
  pause: false,
  stop: false,
  cutOver: false,
  orderedAt,
});

const newRun = (id: string, startedAt: string): RunRecord => ({
  id,
  state: 'preparing',
  reason: null,
  startedAt,
  changedAt: startedAt,
  begin: null,
  cursor: null,
  windows: 0,
  proofs: 0,
  mends: 0,
  bytesPerResource: 2_000,
  blockedTimes: 0,
  frozenAt: null,
  exportDialect: null,
  bulkImport: true,
});
