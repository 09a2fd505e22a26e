import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crashRun, throughBoundaries, throughEveryBoundary } from './crash-run.ts';
import { anyPlan, expectedOutput, type Plan } from './random-plans.ts';

const rounds = 4;
const plansPerRound = 300;

function wanted(plans: readonly Plan[]): readonly unknown[] {
  return plans.map((plan) => ({ runtimeStatus: 'Completed', output: expectedOutput(plan) }));
}

test.each(Array.from({ length: rounds }, (_, round) => 1000 + round))(
  `seed %i: ${plansPerRound} random orchestrations survive SIGKILL before and after every commit`,
  async (seed) => {
    const plans = fc.sample(anyPlan, { numRuns: plansPerRound, seed });
    const { endings, boundaries } = await throughEveryBoundary(plans);
    console.log(`seed ${seed}: killed before and after each of ${boundaries} commits`);
    expect(boundaries).toBeGreaterThan(10);
    expect(endings).toEqual(wanted(plans));
  },
);

test('orchestrations survive SIGKILL before and after every commit of their starts and events', async () => {
  const plans = fc.sample(anyPlan, { numRuns: 40, seed: 5000 });
  const whole = await crashRun(plans);
  const undisturbed = await whole.process('all');
  await whole.remove();
  const commits = undisturbed.kind === 'ended' ? undisturbed.commits : 0;
  expect(commits).toBeGreaterThan(5);
  for (let commit = 1; commit <= commits; commit++) {
    for (const when of ['before', 'after'] as const) {
      const { endings } = await throughBoundaries(plans, [{ commit, when }]);
      expect(endings).toEqual(wanted(plans));
    }
  }
});
