import { expect, it } from 'vitest';
import { expectEachNamed } from '../support/migration-differences.ts';
import { sharedStorage, useMigrationWorlds } from '../support/migration-suite.ts';
import { openWorld } from '../support/migration-world.ts';

useMigrationWorlds();

it('names one altered, one missing, one extra and one undeleted resource among 100,000', async () => {
  const world = await openWorld({ storage: sharedStorage(), migrationId: 'many' });
  try {
    await expectEachNamed(world, 100_000);
    expect.hasAssertions();
  } finally {
    await world.close();
  }
}, 600_000);
