import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestEngine, VirtualClock } from '../../../../local/host/testing/index.ts';
import { anyPlan, eventNames, expectedOutput, type Plan, planHandlers } from './random-plans.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-restart-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the plan; after each of `turns` turns of the event loop the engine is stopped and opened again. */
async function runWithRestarts(
  plan: Plan,
  turns: readonly number[],
  seed: number,
): Promise<unknown> {
  let random = seed;
  const below = (limit: number) => {
    random = (random * 1103515245 + 12345) % 2147483648;
    return (random >> 8) % limit;
  };
  const chance = { fails: () => below(3) === 0, turns: () => below(6) };
  files += 1;
  const clock = new VirtualClock();
  const options = { handlers: planHandlers(chance), clock, dataFile: join(folder, `${files}.db`) };
  let test = await startTestEngine(options);
  await test.call('POST', 'orchestrators/plan/p', { plan, generation: 0, so: [] });
  for (const name of eventNames(plan))
    await test.call('POST', `instances/p/raiseEvent/${name}`, { from: name });
  for (const turn of turns) {
    for (let i = 0; i < turn; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (test.engine.quietWithActivities() === 0) clock.advance();
    }
    await test.engine.stop();
    test = await startTestEngine(options);
  }
  await test.run();
  const { body } = await test.call('GET', 'instances/p');
  await test.engine.stop();
  return body;
}

test('a random orchestration ends with the output of its plan, however often the engine is restarted', async () => {
  const turns = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(anyPlan, turns, fc.nat(1_000_000), async (plan, at, seed) => {
      const body = await runWithRestarts(plan, at, seed);
      expect(body).toMatchObject({ runtimeStatus: 'Completed', output: expectedOutput(plan) });
    }),
    { numRuns: 200 },
  );
}, 120_000);
