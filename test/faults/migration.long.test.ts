import { describe, expect, it } from 'vitest';
import { runSchedule, seedsFrom, useMigrationWorlds } from '../support/migration-suite.ts';

/** About an hour of one core. */
const schedules = 10_000;

useMigrationWorlds();

describe('a migration whose steps are cut, whose services fail and whose source goes on', () => {
  it.for(seedsFrom(1_001, schedules))(
    'ends equal, with every version accounted for (%i)',
    async (seed) => {
      const { run } = await runSchedule(seed);
      expect(run.state).toBe('completed');
    },
  );
});
