import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenWorkflow } from 'openworkflow';
import { BackendSqlite } from 'openworkflow/sqlite';
import { packageVersion } from '../../package-version.ts';
import { addOne, chainLength, fanOutWidth } from '../cases.ts';
import type { Contender, Prepare } from '../contender.ts';
import { serveContender } from '../serve-contender.ts';

const concurrency = 100;

/** OpenWorkflow on its own SQLite backend, client and worker in one process, as its guide sets it up. */
async function prepare({ folder }: Prepare): Promise<Contender> {
  const backend = BackendSqlite.connect(join(folder, 'openworkflow.db'));
  const engine = new OpenWorkflow({ backend });
  const workflows = {
    chain: engine.defineWorkflow({ name: 'chain' }, async ({ step }) => {
      let value = 0;
      for (let index = 0; index < chainLength; index += 1) {
        const current = value;
        value = await step.run({ name: `step ${index}` }, () => addOne(current));
      }
      return value;
    }),
    fanOut: engine.defineWorkflow({ name: 'fanOut' }, async ({ step }) => {
      const values = await Promise.all(
        Array.from({ length: fanOutWidth }, (_, index) =>
          step.run({ name: `step ${index}` }, () => addOne(index)),
        ),
      );
      return values.reduce((sum, value) => sum + value, 0);
    }),
    parallel: engine.defineWorkflow({ name: 'parallel' }, ({ step }) =>
      step.run({ name: 'step' }, () => addOne(0)),
    ),
  };
  const worker = engine.newWorker({ concurrency });
  await worker.start();
  return {
    versions: { openworkflow: packageVersion('openworkflow') },
    async run({ name, instances }) {
      const runs = await Promise.all(
        Array.from({ length: instances }, () => workflows[name].run()),
      );
      for (;;) {
        const { pending, running, sleeping = 0 } = await counts(backend);
        if (pending + running + sleeping === 0) break;
        await sleep(5);
      }
      return { outputs: () => Promise.all(runs.map((each) => each.result())) };
    },
    async close() {
      await worker.stop();
      await backend.stop();
    },
  };
}

async function counts(backend: BackendSqlite) {
  const found: Partial<Record<string, number>> = { ...(await backend.countWorkflowRuns()) };
  return {
    pending: found['pending'] ?? 0,
    running: found['running'] ?? 0,
    sleeping: found['sleeping'] ?? 0,
  };
}

await serveContender(prepare);
