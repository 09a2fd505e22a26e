import { expect, it } from 'vitest';
import { Passage } from '../support/migration-run.ts';
import { scheduleOf } from '../support/migration-schedule.ts';
import { sharedStorage, useMigrationWorlds } from '../support/migration-suite.ts';
import { openWorld } from '../support/migration-world.ts';

useMigrationWorlds();

const day = 86_400_000;

it('122 empty months between the first resource and the last cost no more than five minutes', async () => {
  const world = await openWorld({ storage: sharedStorage(), migrationId: 'empty' });
  try {
    const { source, clock } = world;
    await source.control('bulk-faults', { kind: 'late-write', lateMs: 122 * 30 * day });
    for (const id of ['first', 'last']) {
      const body = JSON.stringify({ resourceType: 'Patient', id });
      await (await source.call('PUT', `Patient/${id}`, body)).text();
    }
    const schedule = {
      ...scheduleOf(1),
      ...{ writesBefore: 0, writesDuring: 0, faultRate: 0, impatience: 0 },
      fateOf: () => 'goes-well' as const,
    };
    const plan = {
      ...schedule.plan,
      ...({ pattern: 'incremental', windowResources: 1, lagSeconds: 60 } as const),
      ...({ overlapSeconds: 60, intervalSeconds: 60, cutOver: 'when-caught-up' } as const),
    };
    const begun = clock.now();
    const { run } = await new Passage(world, { ...schedule, plan }, async () => undefined).run();
    expect(run.state).toBe('completed');
    expect(run.windows).toBe(2);
    expect(clock.now() - begun).toBeLessThan(300_000);
  } finally {
    await world.close();
  }
});
