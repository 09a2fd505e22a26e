import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runThroughCrashes } from './crash-run.ts';
import { anyPlan, expectedOutput } from './random-plans.ts';

const rounds = 25;
const plansPerRound = 40;

test.each(Array.from({ length: rounds }, (_, round) => round))(
  'round %i: 40 random orchestrations survive SIGKILL at random commits',
  async (round) => {
    const plans = fc.sample(anyPlan, { numRuns: plansPerRound, seed: 1000 + round });
    const kill = fc.record({
      commit: fc.integer({ min: 1, max: 12 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    });
    const kills = fc.sample(kill, { numRuns: 9, seed: 5000 + round });
    const { endings, killed } = await runThroughCrashes(plans, kills);
    expect(killed).toBeGreaterThan(0);
    expect(endings).toEqual(
      plans.map((plan) => ({ runtimeStatus: 'Completed', output: expectedOutput(plan) })),
    );
  },
);
