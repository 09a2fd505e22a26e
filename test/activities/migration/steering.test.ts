import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrationActivities, runsPartition } from '../../../activities/migration/index.ts';
import type { OrdersRecord } from '../../../shared/migration/index.ts';
import { type MovingServices, patientOf, put, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
  for (let index = 0; index < 8; index += 1) {
    await put(services.sourceUrl, patientOf(`p${index}`));
  }
  // The clock that a service tells has whole seconds: what is written now is copied from the next one on.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
}, 120_000);
afterAll(() => services?.close());

const steps = () => createMigrationActivities(services.deps);
const stateOf = async (id: string) => services.store.runs.get(runsPartition, id);

async function order(id: string, change: (orders: OrdersRecord) => OrdersRecord): Promise<void> {
  const orders = await services.store.orders.get(runsPartition, id);
  if (orders === undefined) throw new Error('no orders');
  await services.store.orders.put(runsPartition, id, change(orders));
}

async function prepared(plan: object): Promise<string> {
  const id = await services.start({ cutOver: 'when-ordered', ...plan });
  await steps().assess({ migrationId: id });
  await steps().recordPrepared({ migrationId: id });
  return id;
}

/** Hours around now, or on the other side of the day. */
function hours(inside: boolean) {
  const at = (shift: number) =>
    new Date(Date.now() + (shift + (inside ? 0 : 12)) * 3_600_000).toISOString().slice(11, 16);
  return { from: at(-2), to: at(2) };
}

describe('a migration whose records are gone', () => {
  it("ends, and what its steps could not do is nobody's block", async () => {
    const gone = { migrationId: 'never-was' };
    expect(await steps().assess(gone)).toMatchObject({ kind: 'blocked' });
    await steps().recordBlock({ ...gone, reason: 'there is no such migration' });
    expect(await steps().nextMove(gone)).toEqual({ kind: 'end', state: 'stopped' });
  });
});

describe('between two windows', () => {
  it('pause hours hold it, and outside of them it goes on', async () => {
    const id = await prepared({ pauseHours: hours(true) });
    expect(await steps().nextMove({ migrationId: id })).toMatchObject({ kind: 'wait' });
    expect(await stateOf(id)).toMatchObject({ state: 'paused', reason: 'pause hours' });
    await order(id, (orders) => ({
      ...orders,
      plan: { ...orders.plan, pauseHours: hours(false) },
    }));
    expect(await steps().nextMove({ migrationId: id })).toMatchObject({ kind: 'copy' });
  }, 60_000);

  it('an order pauses it, and resuming goes on where it was', async () => {
    const id = await prepared({});
    await order(id, (orders) => ({ ...orders, pause: true }));
    expect(await steps().nextMove({ migrationId: id })).toMatchObject({ kind: 'wait' });
    expect(await stateOf(id)).toMatchObject({ state: 'paused', reason: 'paused by order' });
    await order(id, (orders) => ({ ...orders, pause: false }));
    expect(await steps().nextMove({ migrationId: id })).toMatchObject({ exporting: 1 });
  }, 60_000);

  it('a changed size counts from the next window on', async () => {
    const id = await prepared({ windowResources: 3 });
    await steps().nextMove({ migrationId: id });
    const [first] = await services.store.windows.list(id);
    expect(first?.expected).toBeLessThanOrEqual(3);
    if (first === undefined) throw new Error('no window');
    await services.store.windows.put(id, '0000001', { ...first, state: 'closed' });
    await order(id, (orders) => ({ ...orders, plan: { ...orders.plan, windowResources: 1000 } }));
    await steps().nextMove({ migrationId: id });
    const [, second] = await services.store.windows.list(id);
    expect((first.expected ?? 0) + (second?.expected ?? 0)).toBe(8);
  }, 60_000);

  it('a copy that has caught up rests for its interval, and an order ends the rest', async () => {
    const id = await prepared({ intervalSeconds: 3600 });
    const run = await stateOf(id);
    if (run === undefined) throw new Error('no run');
    const changedAt = new Date(Date.now() + 1000).toISOString();
    const begin = '2020-01-01T00:00:00.000Z';
    const state = 'waiting' as const;
    await services.store.runs.put(runsPartition, id, { ...run, state, changedAt, begin });
    expect(await steps().nextMove({ migrationId: id })).toEqual({ kind: 'wait', seconds: 15 });
    const orderedAt = new Date(Date.now() + 2000).toISOString();
    await order(id, (orders) => ({ ...orders, orderedAt }));
    expect(await steps().nextMove({ migrationId: id })).toMatchObject({ kind: 'copy' });
  }, 60_000);
});
