import { AppError } from '../../shared/errors.ts';
import {
  isAtRest,
  type MigrationStore,
  type OrdersRecord,
  type RunRecord,
  requireTransition,
} from '../../shared/migration/index.ts';
import type { Starter } from '../start-once.ts';
import { wake } from './start-migration.ts';

export const orderNames = ['pause', 'resume', 'stop', 'cut-over', 'retry'] as const;
export type Order = (typeof orderNames)[number];

const partition = 'runs';

export interface GivenOrder {
  readonly run: RunRecord;
  readonly orders: OrdersRecord;
  readonly order: Order;
}

/**
 * Records an order; the migration reads it between two windows. Resuming makes sure that an
 * orchestration is at work, also when the durable store was lost: all that it needs to go on where
 * it was is in the tables.
 */
export async function giveOrder(
  store: MigrationStore,
  client: Starter,
  { run, orders, order }: GivenOrder,
): Promise<OrdersRecord> {
  refuseWithoutSense(run, order);
  const next: OrdersRecord = { ...orders, ...changeOf(order), orderedAt: new Date().toISOString() };
  await store.orders.put(partition, run.id, next);
  if (order !== 'resume' && order !== 'retry') return next;
  if (isAtRest(run.state)) {
    const state = requireTransition(run.state, 'released');
    const changedAt = next.orderedAt;
    await store.runs.put(partition, run.id, { ...run, state, reason: null, changedAt });
  }
  await wake(client, run.id);
  return next;
}

function changeOf(order: Order): Partial<OrdersRecord> {
  switch (order) {
    case 'pause':
      return { pause: true };
    case 'resume':
    case 'retry':
      return { pause: false, stop: false };
    case 'stop':
      return { stop: true };
    case 'cut-over':
      return { cutOver: true };
  }
}

function refuseWithoutSense({ id, state }: RunRecord, order: Order): void {
  if (state === 'completed') {
    throw new AppError('CONFLICT', `migration ${id} is completed. Start a new one.`);
  }
  if (isAtRest(state) && order !== 'resume' && order !== 'retry') {
    throw new AppError('CONFLICT', `migration ${id} is ${state}. Order "resume" first.`);
  }
}
