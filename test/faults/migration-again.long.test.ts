import { describe, expect, it } from 'vitest';
import { runSchedule, seedsFrom, useMigrationWorlds } from '../support/migration-suite.ts';

/** The other half of the ten thousand. */
const schedules = 5_000;

useMigrationWorlds();

describe('a migration whose steps are cut, whose services fail and whose source goes on', () => {
  it.for(seedsFrom(6_001, schedules))(
    'ends equal, with every version accounted for (%i)',
    async (seed) => {
      const { run } = await runSchedule(seed);
      expect(run.state).toBe('completed');
    },
  );
});
