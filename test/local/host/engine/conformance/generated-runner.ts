import { startTestEngine, VirtualClock } from '../../../../../local/host/testing/index.ts';
import { type IdSet, labelledPlans } from './plan-labels.ts';
import { generatedApp } from './recorded-app.ts';
import type { GeneratedRecording } from './recordings.ts';

export interface PlanResult {
  readonly status: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  /** Types and ids of every generation of every instance, by the recordings' labels. */
  readonly sets: Readonly<Record<string, readonly IdSet[]>>;
}

/** Runs one generated plan; whenever it waits for event evN, {from: "evN"} is raised, as when it was recorded. */
export async function runPlan({
  seed,
  plan,
}: Pick<GeneratedRecording, 'seed' | 'plan'>): Promise<PlanResult> {
  const clock = new VirtualClock();
  const id = `gen-${seed}`;
  const { watch, sets } = labelledPlans(id);
  const test = await startTestEngine({ handlers: generatedApp(clock), clock, wrapWorker: watch });
  try {
    await test.call('POST', `orchestrators/GenRun/${id}`, plan);
    const raised = new Set<string>();
    const status = async () =>
      (await test.call('GET', `instances/${id}`)).body as Record<string, unknown>;
    await test.run(async () => {
      for (;;) {
        const now = await status();
        if (!['Pending', 'Running'].includes(String(now['runtimeStatus']))) return true;
        const waiting = (now['customStatus'] as { waiting?: string } | null)?.waiting;
        if (waiting === undefined || raised.has(waiting)) return false;
        raised.add(waiting);
        await test.call('POST', `instances/${id}/raiseEvent/${waiting}`, { from: waiting });
        await test.settle();
      }
    });
    const { runtimeStatus, output, customStatus } = await status();
    return { status: String(runtimeStatus), output, customStatus, sets: sets() };
  } finally {
    await test.engine.stop();
  }
}
