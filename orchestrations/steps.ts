import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';

export type { OrchestrationContext } from 'durable-functions';

/**
 * The typed adaptor between our orchestrations and the Durable SDK, whose own
 * `yield` is untyped. `yield* step` evaluates to the activity's real output, and
 * an error that the activity throws arrives at that line
 * (facts/aesthetics.md §4). This file is the one place that trusts the SDK for types.
 */
export interface Step<Output> {
  [Symbol.iterator](): Generator<Task, Output, never>;
}

/** A story told in steps; what every orchestration here returns. */
export type Orchestration<Output> = Generator<Task, Output, never>;

type Activity = (input: never) => Promise<unknown>;

export type Steps<Activities extends Readonly<Record<keyof Activities, Activity>>> = {
  readonly [Name in keyof Activities]: (
    input: Parameters<Activities[Name]>[0],
  ) => Step<Awaited<ReturnType<Activities[Name]>>>;
};

const taskOf = new WeakMap<object, Task>();

/**
 * Steps that are retried by the policy when the activity throws. To be yielded
 * alone: a retry inside `all` or `any` can corrupt later results on the real
 * host (conformance finding 3).
 */
export function stepsOf<Activities extends Readonly<Record<keyof Activities, Activity>>>(
  context: OrchestrationContext,
  retry: RetryOptions,
): Steps<Activities> {
  return proxy((name, input) => context.df.callActivityWithRetry(name, retry, input));
}

/** Steps for `all`: the activity answers with an outcome and never throws, so there is no retry. */
export function fanOutStepsOf<Activities extends Readonly<Record<keyof Activities, Activity>>>(
  context: OrchestrationContext,
): Steps<Activities> {
  return proxy((name, input) => context.df.callActivity(name, input));
}

/** Runs steps side by side; the results come in the order of the steps. */
export function* all<Output>(
  context: OrchestrationContext,
  steps: readonly Step<Output>[],
): Generator<Task, readonly Output[], never> {
  if (steps.length === 0) return [];
  return yield context.df.Task.all(steps.map(task));
}

/** A durable pause, in seconds. */
export function* pause(context: OrchestrationContext, seconds: number): Orchestration<void> {
  const until = context.df.currentUtcDateTime.getTime() + seconds * 1000;
  yield context.df.createTimer(new Date(until));
}

/**
 * Runs another orchestration as a part of this one. Its name, and the types of
 * its input and output, are the registered ones; importing it by value would tie
 * the stories into circles.
 */
export function child<Input extends object, Output>(
  context: OrchestrationContext,
  options: { readonly name: string; readonly input: Input; readonly instanceId: string },
): Step<Output> {
  return step(context.df.callSubOrchestrator(options.name, options.input, options.instanceId));
}

/** The input that the trigger parsed before it started the orchestration. */
export function inputOf<Input>(context: OrchestrationContext): Input {
  return context.df.getInput<Input>();
}

function proxy<S extends object>(call: (name: string, input: unknown) => Task): S {
  const handler: ProxyHandler<S> = {
    get: (_target, name) => (input: unknown) => step(call(String(name), input)),
  };
  return new Proxy<S>({} as S, handler);
}

function step<Output>(pending: Task): Step<Output> {
  const made: Step<Output> = {
    *[Symbol.iterator]() {
      return yield pending;
    },
  };
  taskOf.set(made, pending);
  return made;
}

function task(made: object): Task {
  const pending = taskOf.get(made);
  if (pending === undefined) throw new TypeError('all() takes steps that stepsOf made');
  return pending;
}
