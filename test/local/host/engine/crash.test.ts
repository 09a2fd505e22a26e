import fc from 'fast-check';
import { expect, test } from 'vitest';
import { throughBoundaries } from './crash-run.ts';
import { anyPlan, expectedOutput } from './random-plans.ts';

test('orchestrations reach the output of their plans through SIGKILL at commits', async () => {
  const plans = fc.sample(anyPlan, { numRuns: 12, seed: 7 });
  const boundaries = [2, 5, 8].flatMap((commit) => [
    { commit, when: 'before' as const },
    { commit: commit + 1, when: 'after' as const },
  ]);
  const { endings, killed } = await throughBoundaries(plans, boundaries);
  expect(killed).toBeGreaterThan(3);
  expect(endings).toEqual(
    plans.map((plan) => ({ runtimeStatus: 'Completed', output: expectedOutput(plan) })),
  );
}, 60_000);
