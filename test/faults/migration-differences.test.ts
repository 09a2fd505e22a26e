import { expect, it } from 'vitest';
import { expectEachNamed } from '../support/migration-differences.ts';
import { sharedStorage, useMigrationWorlds } from '../support/migration-suite.ts';
import { openWorld } from '../support/migration-world.ts';

useMigrationWorlds();

it('names one altered, one missing, one extra and one undeleted resource among 5,000', async () => {
  const world = await openWorld({ storage: sharedStorage(), migrationId: 'few' });
  try {
    await expectEachNamed(world, 5_000);
    expect.hasAssertions();
  } finally {
    await world.close();
  }
});
