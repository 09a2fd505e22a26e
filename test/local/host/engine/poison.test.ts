import { copyFileSync, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrchestrationHandler } from 'durable-functions';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DurableWorker } from '../../../../local/host/engine/index.ts';
import {
  startTestEngine,
  type TestEngine,
  type TestEngineOptions,
} from '../../../../local/host/testing/index.ts';

let folder: string;
const dead: TestEngine[] = [];
let release = (): void => undefined;
let never: Promise<never>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-poison-'));
  never = new Promise((_, reject) => {
    release = () => reject(new Error('the process is over'));
  });
  never.catch(() => undefined);
});

afterEach(async () => {
  release();
  for (const engine of dead.splice(0)) await engine.engine.stop();
  await rm(folder, { recursive: true, force: true });
});

/**
 * A process that is killed leaves its file as these engines do, which are not
 * stopped; each goes on with a copy, because a file is locked as long as its
 * process lives.
 */
async function nextProcess(options: Omit<TestEngineOptions, 'dataFile'>): Promise<TestEngine> {
  const dataFile = join(folder, `${dead.length}.db`);
  for (const part of ['', '-wal']) {
    const last = join(folder, `${dead.length - 1}.db${part}`);
    if (existsSync(last)) copyFileSync(last, `${dataFile}${part}`);
  }
  const next = await startTestEngine({ ...options, dataFile });
  dead.push(next);
  return next;
}

/** Lets ten processes die over `v`, each once it has begun what kills it; then looks at `v` in the eleventh. */
async function afterTenDeaths(
  options: Omit<TestEngineOptions, 'dataFile'>,
  begun: () => number,
): Promise<() => Promise<unknown>> {
  const first = await nextProcess(options);
  await first.call('POST', 'orchestrators/victim/v');
  await expect.poll(begun).toBe(1);
  for (let process = 2; process <= 10; process++) {
    await nextProcess(options);
    await expect.poll(begun).toBe(process);
  }
  const last = await nextProcess(options);
  return async () => (await last.call('GET', 'instances/v')).body;
}

test('an activity that every process dies of is given up as a visible failure', async () => {
  let begun = 0;
  const activities = {
    poison: () => {
      begun += 1;
      return never;
    },
  };
  const victim: OrchestrationHandler = function* (context) {
    yield context.df.callActivity('poison');
  };
  const options = { handlers: { activities, orchestrations: { victim } } };
  const status = await afterTenDeaths(options, () => begun);
  await expect.poll(status).toMatchObject({
    runtimeStatus: 'Failed',
    output: expect.stringContaining('POISON_ACTIVITY'),
  });
  expect(begun).toBe(10);
});

test('an orchestration that every process dies of is given up as a visible failure', async () => {
  let begun = 0;
  const victim: OrchestrationHandler = function* (context) {
    yield context.df.waitForExternalEvent('never');
  };
  const options = {
    handlers: { activities: {}, orchestrations: { victim } },
    wrapWorker: (inner: DurableWorker): DurableWorker => ({
      find: (kind, name) => inner.find(kind, name),
      names: (kind) => inner.names(kind),
      invokeActivity: (...call) => inner.invokeActivity(...call),
      invokeEntity: (...call) => inner.invokeEntity(...call),
      invokeOrchestrator: () => {
        begun += 1;
        return never;
      },
    }),
  };
  const status = await afterTenDeaths(options, () => begun);
  await expect.poll(status).toMatchObject({
    runtimeStatus: 'Failed',
    output: expect.stringContaining('POISON_EPISODE'),
  });
  expect(begun).toBe(10);
});
