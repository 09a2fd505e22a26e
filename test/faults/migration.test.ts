import { describe, expect, it } from 'vitest';
import { runSchedule, seedsFrom, useMigrationWorlds } from '../support/migration-suite.ts';

useMigrationWorlds();

describe('a migration under seeded faults, cuts and writers (first half)', () => {
  it.for(seedsFrom(1, 20))(
    'ends with both services equal and every version accounted for: seed %i',
    async (seed) => {
      const ran = await runSchedule(seed);
      expect(ran.run.state).toBe('completed');
    },
  );
});
