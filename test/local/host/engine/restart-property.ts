import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { anyPlan, expectedOutput } from './random-plans.ts';
import { runRestarted } from './restarted-plan.ts';

/** Every fourth run restarts the engine after each single call of the worker. */
const everyCall = fc.oneof(
  { weight: 1, arbitrary: fc.constant(1) },
  { weight: 3, arbitrary: fc.integer({ min: 2, max: 12 }) },
);

/** Checks that restarts change neither the result nor a task number; prints the seed that repeats the run. */
export async function checkRestarts(numRuns: number, seed = Date.now() % 1_000_000_000) {
  console.log(`restart property: ${numRuns} random orchestrations, seed ${seed}`);
  const folder = await mkdtemp(join(tmpdir(), 'durable-restart-'));
  let files = 0;
  try {
    await fc.assert(
      fc.asyncProperty(anyPlan, everyCall, fc.nat(1_000_000), async (plan, every, chance) => {
        const dataFile = join(folder, `${files++}.db`);
        const whole = await runRestarted({
          plan,
          seed: chance,
          dataFile: undefined,
          every: undefined,
        });
        expect(whole).toMatchObject({
          runtimeStatus: 'Completed',
          output: expectedOutput(plan),
        });
        expect(await runRestarted({ plan, seed: chance, dataFile, every })).toEqual(whole);
        await rm(dataFile);
      }),
      { numRuns, seed },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
