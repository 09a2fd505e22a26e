import type { OrchestrationContext, Task } from '@microsoft/durabletask-js';
import {
  InMemoryOrchestrationBackend,
  TestOrchestrationClient,
  TestOrchestrationWorker,
  whenAll,
} from '@microsoft/durabletask-js';
import { packageVersion } from '../../package-version.ts';
import { addOne, chainLength, fanOutWidth } from '../cases.ts';
import type { Contender } from '../contender.ts';
import { serveContender } from '../serve-contender.ts';

const patienceSeconds = 120;

/** Microsoft's durabletask-js on its in-memory backend: nothing is kept, so it is a bound and no rival. */
async function prepare(): Promise<Contender> {
  const backend = new InMemoryOrchestrationBackend();
  const worker = new TestOrchestrationWorker(backend);
  const client = new TestOrchestrationClient(backend);
  worker.addNamedActivity('addOne', (_context, value: number) => addOne(value));
  worker.addNamedOrchestrator('chain', chain);
  worker.addNamedOrchestrator('fanOut', fanOut);
  worker.addNamedOrchestrator('parallel', parallel);
  await worker.start();
  return {
    versions: { 'durabletask-js': packageVersion('@microsoft/durabletask-js') },
    async run({ name, instances }) {
      const ids = await Promise.all(
        Array.from({ length: instances }, () => client.scheduleNewOrchestration(name)),
      );
      const outputs = await Promise.all(
        ids.map(async (id) => {
          const state = await client.waitForOrchestrationCompletion(id, true, patienceSeconds);
          return JSON.parse(state?.serializedOutput ?? 'null');
        }),
      );
      return { outputs: async () => outputs };
    },
    close: () => worker.stop(),
  };
}

async function* chain(
  context: OrchestrationContext,
): AsyncGenerator<Task<unknown>, number, number> {
  let value = 0;
  for (let step = 0; step < chainLength; step += 1) {
    value = yield context.callActivity('addOne', value);
  }
  return value;
}

async function* fanOut(
  context: OrchestrationContext,
): AsyncGenerator<Task<unknown>, number, readonly number[]> {
  const tasks = Array.from({ length: fanOutWidth }, (_, index) =>
    context.callActivity<number, number>('addOne', index),
  );
  const values = yield whenAll(tasks);
  return values.reduce((sum, value) => sum + value, 0);
}

async function* parallel(
  context: OrchestrationContext,
): AsyncGenerator<Task<unknown>, number, number> {
  return yield context.callActivity('addOne', 0);
}

await serveContender(prepare);
