import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrationActivities, runsPartition } from '../../../activities/migration/index.ts';
import type { RunRecord } from '../../../shared/migration/index.ts';
import { caughtUpCopy } from './caught-up-copy.ts';
import { type MovingServices, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
}, 120_000);
afterAll(() => services.close());

const steps = () => createMigrationActivities(services.deps);

const caughtUp = (plan: object = {}, change: Partial<RunRecord> = {}): Promise<string> =>
  caughtUpCopy(services, plan, change);

const looked = (migrationId: string) => steps().findHardDeletes({ migrationId });

const lookOf = (id: string) => services.store.deleteLooks.get(runsPartition, id);

describe('a look is due', () => {
  const moveOf = async (id: string) => (await steps().nextMove({ migrationId: id })).kind;

  it('once in an interval, before the next window is planned', async () => {
    const id = await caughtUp({ intervalSeconds: 3_600 });
    expect(await moveOf(id)).toBe('find-deletes');
    await looked(id);
    expect(await moveOf(id)).not.toBe('find-deletes');
  }, 60_000);

  it('not again before it has rested twenty times as long as it took', async () => {
    for (const [tookMs, isDue] of [
      [10_000, false],
      [1_000, true],
    ] as const) {
      const id = await caughtUp({ intervalSeconds: 1 });
      await looked(id);
      const look = await lookOf(id);
      if (look === undefined) throw new Error('no look');
      const at = new Date(Date.now() - 30_000).toISOString();
      await services.store.deleteLooks.put(runsPartition, id, { ...look, at, tookMs });
      expect((await moveOf(id)) === 'find-deletes').toBe(isDue);
    }
  }, 60_000);

  it.each([
    ['it is left to the proof', { hardDeletes: 'at-proof' }, {}],
    ['ids are not those of the source', { anonymizationConfig: 'a.json' }, {}],
    ['the proof follows at once', { cutOver: 'when-caught-up' }, {}],
    ['the target gives versions and instants of its own', {}, { bulkImport: false }],
    ['nothing is copied yet', {}, { begin: null, cursor: null }],
  ])(
    'never when %s',
    async (_, plan, change) => {
      const id = await caughtUp(plan, change);
      expect(await moveOf(id)).not.toBe('find-deletes');
    },
    60_000,
  );
});
