import { describe, expect, it } from 'vitest';
import { runSchedule, seedsFrom, useMigrationWorlds } from '../support/migration-suite.ts';

/** Half of the ten thousand; migration-again.long.test.ts has the others, beside it. About half an hour. */
const schedules = 5_000;

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
