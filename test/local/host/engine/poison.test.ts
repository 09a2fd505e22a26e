import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestEngine, type TestEngine } from '../../../../local/host/testing/index.ts';

test('an activity that every process dies of is given up as a visible failure', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'durable-poison-'));
  const dead: TestEngine[] = [];
  let begun = 0;
  let release = (): void => undefined;
  const never = new Promise<void>((resolve) => {
    release = resolve;
  });
  const options = {
    dataFile: join(folder, 'engine.db'),
    handlers: {
      activities: {
        poison: () => {
          begun += 1;
          return never;
        },
      },
      orchestrations: {
        victim: function* (context: { df: { callActivity: (name: string) => never } }) {
          yield context.df.callActivity('poison');
        } as never,
      },
    },
  };
  // A process that is killed leaves its file as these engines do, which are never stopped.
  const nextProcess = async (): Promise<TestEngine> => {
    const next = await startTestEngine(options);
    dead.push(next);
    return next;
  };
  const first = await nextProcess();
  await first.call('POST', 'orchestrators/victim/v');
  await expect.poll(() => begun).toBe(1);
  for (let process = 2; process <= 10; process++) {
    await nextProcess();
    await expect.poll(() => begun).toBe(process);
  }
  const last = await nextProcess();
  await expect
    .poll(async () => (await last.call('GET', 'instances/v')).body)
    .toMatchObject({ runtimeStatus: 'Failed', output: expect.stringContaining('POISON_ACTIVITY') });
  expect(begun).toBe(10);
  release();
  for (const engine of dead) await engine.engine.stop();
  await rm(folder, { recursive: true, force: true });
});
