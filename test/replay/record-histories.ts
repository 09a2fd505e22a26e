/**
 * Records the histories that replay.test.ts goes through again:
 *
 *     node test/replay/record-histories.ts
 *     npm run format
 *
 * Record anew only when an orchestration is meant to change, and only after
 * deciding what becomes of instances that are under way.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DurableWorker } from '../../local/host/engine/index.ts';
import { startTestEngine } from '../../local/host/testing/index.ts';
import { resyncPatient } from '../../orchestrations/resync-patient.ts';
import { syncChanges } from '../../orchestrations/sync-changes.ts';
import { scripted } from '../orchestrations/scripted-activities.ts';
import type { Answer, Payload, RecordedHistory } from './replay-history.ts';
import { type Scenario, scenarios } from './scenarios.ts';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));

interface Call {
  readonly orchestration: string;
  readonly payload: Payload;
  readonly answer: Answer;
}

async function callsOf({ input, script }: Scenario): Promise<readonly Call[]> {
  const calls: Call[] = [];
  const watched = (worker: DurableWorker): DurableWorker => {
    const invokeOrchestrator: DurableWorker['invokeOrchestrator'] = async (
      orchestration,
      payload,
      inspect,
    ) => {
      const before = structuredClone(payload) as Payload;
      const answer = await worker.invokeOrchestrator(orchestration, payload, inspect);
      calls.push({ orchestration, payload: before, answer: answer as Answer });
      return answer;
    };
    return new Proxy(worker, {
      get: (target, name) => {
        const member = Reflect.get(target, name);
        if (name === 'invokeOrchestrator') return invokeOrchestrator;
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  };
  const test = await startTestEngine({
    handlers: { orchestrations: { syncChanges, resyncPatient }, activities: scripted(script) },
    wrapWorker: watched,
  });
  await test.call('POST', 'orchestrators/syncChanges/sync-1', input);
  await test.run();
  await test.engine.stop();
  return calls;
}

function historyOf(calls: readonly Call[]): RecordedHistory {
  const { orchestration, payload, answer } = calls.at(-1) as Call;
  const episodes = calls.map((call) => ({
    events: call.payload.history.length,
    actions: call.answer.actions[0]?.length ?? 0,
  }));
  return { orchestration, payload, answer, episodes };
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, scenario] of Object.entries(scenarios)) {
  const calls = await callsOf(scenario);
  const instances = Map.groupBy(calls, ({ payload }) => String(payload['instanceId']));
  for (const [instanceId, some] of instances) {
    const file = `${name}.${instanceId.replaceAll(/[^\w-]/g, '_')}.json`;
    writeFileSync(`${folder}${file}`, `${JSON.stringify(historyOf(some), null, 1)}\n`);
  }
}
