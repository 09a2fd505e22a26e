import {
  type OrchestrationContext,
  type OrchestrationHandler,
  RetryOptions,
  type Task,
} from 'durable-functions';
import fc from 'fast-check';
import type { Handlers } from '../../../../local/host/testing/index.ts';

/** One step of a random orchestration; every step's value follows from the plan alone. */
export type Step =
  | { readonly op: 'double'; readonly of: number }
  | { readonly op: 'fail'; readonly of: number }
  | { readonly op: 'flaky'; readonly of: number }
  | { readonly op: 'exhaust'; readonly of: number }
  | { readonly op: 'pause'; readonly ms: number }
  | { readonly op: 'race'; readonly of: number; readonly timerFirst: boolean }
  | { readonly op: 'event'; readonly name: string }
  | { readonly op: 'all'; readonly of: readonly number[]; readonly pause: number }
  | { readonly op: 'child'; readonly plan: Plan };

/** Generations, joined by continueAsNew. */
export type Plan = readonly (readonly Step[])[];

export interface PlanInput {
  readonly plan: Plan;
  /** Names the orchestration, whatever its instance id: children add the index of their step. */
  readonly path: string;
  readonly generation: number;
  readonly so: readonly unknown[];
}

/** The input that starts a plan. */
export function planInput(plan: Plan, path = ''): PlanInput {
  return { plan, path, generation: 0, so: [] };
}

type Generator_ = Generator<Task, unknown, unknown>;

function retry(attempts: number): RetryOptions {
  const options = new RetryOptions(1, attempts);
  options.backoffCoefficient = 1;
  return options;
}

function after(context: OrchestrationContext, ms: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + ms);
}

function* caught(task: Task): Generator<Task, string, unknown> {
  try {
    yield task;
    return 'not failed';
  } catch {
    return 'failed';
  }
}

function* race(context: OrchestrationContext, of: number, timerFirst: boolean): Generator_ {
  const timer = context.df.createTimer(after(context, 3_600_000));
  const work = context.df.callActivity('double', { of });
  const winner = yield context.df.Task.any(timerFirst ? [timer, work] : [work, timer]);
  timer.cancel();
  return winner === work ? work.result : 'timer';
}

function* perform(context: OrchestrationContext, step: Step, path: string): Generator_ {
  const { df } = context;
  switch (step.op) {
    case 'double':
      return yield df.callActivity('double', { of: step.of });
    case 'flaky':
      return yield df.callActivityWithRetry('flaky', retry(30), { of: step.of, path });
    case 'fail':
      return yield* caught(df.callActivity('fail', { of: step.of }));
    case 'exhaust':
      return yield* caught(df.callActivityWithRetry('fail', retry(2), { of: step.of }));
    case 'pause':
      yield df.createTimer(after(context, step.ms));
      return 'paused';
    case 'race':
      return yield* race(context, step.of, step.timerFirst);
    case 'event':
      return yield df.waitForExternalEvent(step.name);
    case 'all': {
      const tasks: Task[] = step.of.map((of) => df.callActivity('double', { of }));
      const results = yield df.Task.all([...tasks, df.createTimer(after(context, step.pause))]);
      return (results as unknown[]).slice(0, step.of.length);
    }
    case 'child':
      return yield df.callSubOrchestrator('plan', planInput(step.plan, path));
  }
}

const runPlan: OrchestrationHandler = function* (context) {
  const input = context.df.getInput() as PlanInput;
  const { plan, generation, so, path } = input;
  const values = [...so];
  for (const [index, step] of (plan[generation] ?? []).entries())
    values.push(yield* perform(context, step, `${path}/${generation}.${index}`));
  if (generation + 1 >= plan.length) return values;
  context.df.continueAsNew({ ...input, generation: generation + 1, so: values });
  return undefined;
};

/** Turns of the event loop, so that parallel activities end in any order. */
async function dawdle(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Chance {
  /** Decides whether one attempt of a flaky step fails. */
  readonly fails: (path: string) => boolean;
  /** How many turns of the event loop one call of an activity takes. */
  readonly turns: () => number;
}

export function planHandlers({ fails, turns }: Chance): Handlers {
  return {
    orchestrations: { plan: runPlan },
    activities: {
      double: async ({ of }: { of: number }) => {
        await dawdle(turns());
        return of * 2;
      },
      fail: ({ of }: { of: number }) => {
        throw new Error(`no ${of}`);
      },
      flaky: async ({ of, path }: { of: number; path: string }) => {
        await dawdle(turns());
        if (fails(path)) throw new Error('not now');
        return of + 1;
      },
    },
  };
}

function expectedStep(step: Step): unknown {
  switch (step.op) {
    case 'double':
    case 'race':
      return step.of * 2;
    case 'flaky':
      return step.of + 1;
    case 'fail':
    case 'exhaust':
      return 'failed';
    case 'pause':
      return 'paused';
    case 'event':
      return { from: step.name };
    case 'all':
      return step.of.map((of) => of * 2);
    case 'child':
      return expectedOutput(step.plan);
  }
}

/** What the plan must come to, whatever happens to the process meanwhile. */
export function expectedOutput(plan: Plan): readonly unknown[] {
  return plan.flat().map(expectedStep);
}

/** Names of the events that the plan's own steps wait for. */
export function eventNames(plan: Plan): readonly string[] {
  return plan.flat().flatMap((step) => (step.op === 'event' ? [step.name] : []));
}

const number = fc.integer({ min: 0, max: 99 });
const pause = fc.integer({ min: -3, max: 20 });

const plainStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('double' as const), of: number }),
  fc.record({ op: fc.constant('fail' as const), of: number }),
  fc.record({ op: fc.constant('flaky' as const), of: number }),
  fc.record({ op: fc.constant('exhaust' as const), of: number }),
  fc.record({ op: fc.constant('pause' as const), ms: pause }),
  fc.record({ op: fc.constant('race' as const), of: number, timerFirst: fc.boolean() }),
  fc.record({ op: fc.constant('all' as const), of: fc.array(number, { maxLength: 5 }), pause }),
);

const childPlan: fc.Arbitrary<Plan> = fc.array(fc.array(plainStep, { maxLength: 3 }), {
  minLength: 1,
  maxLength: 2,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: plainStep },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('child' as const), plan: childPlan }) },
);

/** Random plans. Events are waited for in the first generation only, because continueAsNew drops buffered ones. */
export const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    events: fc.integer({ min: 0, max: 2 }),
    first: fc.array(step, { maxLength: 4 }),
    later: fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 2 }),
  })
  .map(({ events, first, later }) => {
    const waits: Step[] = Array.from({ length: events }, (_, i) => ({
      op: 'event',
      name: `event-${i}`,
    }));
    return [[...first, ...waits], ...later];
  });
