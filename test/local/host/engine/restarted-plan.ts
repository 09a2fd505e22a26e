import { DatabaseSync } from 'node:sqlite';
import type { DurableWorker } from '../../../../local/host/engine/index.ts';
import { startTestEngine, VirtualClock } from '../../../../local/host/testing/index.ts';
import { eventNames, type Plan, type PlanInput, planHandlers, planInput } from './random-plans.ts';

// An engine that is stopped syncs its file. These runs stop it thousands of times and lose no power.
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (sql: string) {
  return exec.call(this, sql.replace('synchronous = NORMAL', 'synchronous = OFF'));
};

export interface PlanRun {
  readonly runtimeStatus: string;
  readonly output: unknown;
  /** For each orchestration and generation of the plan, what its last payload held: types and ids, sorted. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
}

interface Payload {
  readonly input: PlanInput;
  readonly history: readonly {
    readonly EventType: number;
    readonly EventId: number;
    readonly TaskScheduledId?: number;
    readonly TimerId?: number;
    readonly Name?: string;
  }[];
}

const brackets = new Set([12, 13]);

function idsOf({ history }: Payload): readonly string[] {
  return history
    .filter((event) => !brackets.has(event.EventType))
    .map(({ EventType, EventId, TaskScheduledId, TimerId, Name }) =>
      [EventType, EventId, TaskScheduledId ?? TimerId ?? '', Name ?? ''].join(' '),
    )
    .sort();
}

/** Fails one to three attempts of some steps, always of the same ones. */
function steadyFailures(seed: number): (path: string) => boolean {
  const attempts = new Map<string, number>();
  return (path) => {
    const attempt = (attempts.get(path) ?? 0) + 1;
    attempts.set(path, attempt);
    return attempt <= (seed + path.length) % 4;
  };
}

export interface RestartedRun {
  readonly plan: Plan;
  /** undefined keeps everything in memory; only a run that is never restarted can. */
  readonly dataFile: string | undefined;
  readonly seed: number;
  /** Worker calls between two restarts of the engine; undefined never restarts it. */
  readonly every: number | undefined;
}

/** Runs a plan on an engine that is stopped and opened again after every n-th call of the worker. */
export async function runRestarted(run: RestartedRun): Promise<PlanRun> {
  let random = run.seed;
  const below = (limit: number) => {
    random = (random * 1103515245 + 12345) % 2147483648;
    return (random >> 8) % limit;
  };
  const ids: Record<string, readonly string[]> = {};
  let calls = 0;
  const watch = (inner: DurableWorker): DurableWorker => ({
    find: (kind, name) => inner.find(kind, name),
    names: (kind) => inner.names(kind),
    invokeEntity: (name, payload) => inner.invokeEntity(name, payload),
    invokeActivity(...call) {
      calls += 1;
      return inner.invokeActivity(...call);
    },
    invokeOrchestrator(name, payload, inspect) {
      calls += 1;
      const shown = payload as Payload;
      ids[`${shown.input.path}#${shown.input.generation}`] = idsOf(shown);
      return inner.invokeOrchestrator(name, payload, inspect);
    },
  });
  const clock = new VirtualClock();
  const options = {
    handlers: planHandlers({ fails: steadyFailures(run.seed), turns: () => below(6) }),
    clock,
    wrapWorker: watch,
    dataFile: run.dataFile,
  };
  let test = await startTestEngine(options);
  await test.call('POST', 'orchestrators/plan/p', planInput(run.plan));
  for (const name of eventNames(run.plan))
    await test.call('POST', `instances/p/raiseEvent/${name}`, { from: name });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (run.every !== undefined && calls >= run.every) {
      calls = 0;
      await test.engine.stop();
      test = await startTestEngine(options);
    } else if (test.engine.quietWithActivities() === 0 && !clock.advance()) break;
  }
  const { body } = await test.call('GET', 'instances/p');
  await test.engine.stop();
  const { runtimeStatus, output } = body as PlanRun;
  return { runtimeStatus, output, ids };
}
