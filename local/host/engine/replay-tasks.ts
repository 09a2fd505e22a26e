import {
  type Action,
  type ActivityAction,
  type ChildAction,
  type CompoundAction,
  type HttpAction,
  isObject,
  type RetryPolicy,
  type TimerAction,
} from './actions.ts';
import { httpActivityName, pollTarget } from './http-activity.ts';
import { entityTask, lockTask, releaseLocks } from './replay-entities.ts';
import type { ReplayScope } from './replay-scope.ts';
import { Settlement } from './settlement.ts';
import { checkAction, checkUnderLock } from './shape-checks.ts';
import { activityInput, jsonInput } from './task-inputs.ts';

/** Counts a task that may take further numbers until it settles. */
function taker({ book }: ReplayScope): Settlement {
  const done = new Settlement();
  book.numberTakers += 1;
  done.whenSettled(() => {
    book.numberTakers -= 1;
  });
  return done;
}

function settled(outcome: 'succeeded' | 'failed'): Settlement {
  const settlement = new Settlement();
  settlement.settle(outcome);
  return settlement;
}

function oneActivity({ book }: ReplayScope, action: ActivityAction): Settlement {
  const { name } = action;
  const input = activityInput(action.input);
  return book.schedule({
    kind: 'activity',
    name,
    effect: (id) => ({ kind: 'activity', id, name, input }),
  }).settlement;
}

function oneChild({ book }: ReplayScope, action: ChildAction): Settlement {
  checkUnderLock(book.lock?.entities, action);
  const { name, instanceId } = action;
  const input = jsonInput(action.input);
  const effect = (id: number) => ({ kind: 'child' as const, id, name, instanceId, input });
  return book.schedule({ kind: 'child', name, effect }).settlement;
}

function oneTimer({ book }: ReplayScope, fireAt: number, canceled: boolean): Settlement {
  const leaf = book.schedule({
    kind: 'timer',
    name: '',
    effect: (id) => ({ kind: 'timer', id, fireAt }),
  });
  if (canceled) leaf.settlement.settle('failed');
  return leaf.settlement;
}

function timer(scope: ReplayScope, action: TimerAction): Settlement {
  const long = action.fireAt - scope.book.now > scope.limits.longestMs;
  const done = long ? taker(scope) : new Settlement();
  const hop = (): void => {
    const remaining = action.fireAt - scope.book.now;
    const last = remaining <= scope.limits.longestMs;
    const at = last ? action.fireAt : scope.book.now + scope.limits.hopMs;
    const leg = oneTimer(scope, at, action.canceled);
    leg.whenSettled(() => {
      if (leg.outcome === 'failed' || last) done.settle(leg.outcome ?? 'failed');
      else hop();
    });
  };
  hop();
  return done;
}

function retryDelay(policy: RetryPolicy, attempt: number): number {
  const delay = policy.firstMs * policy.coefficient ** attempt;
  return policy.maxMs === undefined ? delay : Math.min(delay, policy.maxMs);
}

/** Mirrors DTFx and the SDK: a failed attempt takes a timer number, even after the last one, when the timer is due at once. */
function retried(scope: ReplayScope, policy: RetryPolicy, run: () => Settlement): Settlement {
  const done = taker(scope);
  const attempt = (number: number): void => {
    const task = run();
    task.whenSettled(() => {
      if (task.outcome === 'succeeded') return done.settle('succeeded');
      const last = number + 1 >= policy.maxAttempts;
      const pause = last ? 0 : retryDelay(policy, number);
      oneTimer(scope, scope.book.now + pause, false).whenSettled(() => {
        if (last) done.settle('failed');
        else attempt(number + 1);
      });
    });
  };
  attempt(0);
  return done;
}

function withRetry(
  scope: ReplayScope,
  retry: RetryPolicy | undefined,
  run: () => Settlement,
): Settlement {
  return retry === undefined ? run() : retried(scope, retry, run);
}

function compound(scope: ReplayScope, action: CompoundAction): Settlement {
  const done = new Settlement();
  const children = action.children.map((child) => startTask(scope, child));
  let open = children.length;
  for (const child of children) {
    child.whenSettled(() => {
      open -= 1;
      if (action.kind === 'any') done.settle(child.outcome ?? 'failed');
      else if (open === 0) {
        done.settle(children.some((c) => c.outcome === 'failed') ? 'failed' : 'succeeded');
      }
    });
  }
  return done;
}

/** callHttp: while the answer is a 202 with a Location, a timer and then the next request, each with its own number. */
function http(scope: ReplayScope, action: HttpAction): Settlement {
  const done = action.polling ? taker(scope) : new Settlement();
  const send = (request: unknown): void => {
    const name = httpActivityName;
    const call = oneActivity(scope, { kind: 'activity', name, input: request, retry: undefined });
    call.whenSettled(() => {
      const poll =
        call.outcome === 'succeeded' && action.polling
          ? pollTarget(call.result, request)
          : undefined;
      if (poll === undefined) return done.settle(call.outcome ?? 'failed');
      const pause = oneTimer(scope, scope.book.now + poll.afterMs, false);
      scope.book.reserved += 1;
      pause.whenSettled(() => {
        scope.book.reserved -= 1;
        send(poll.request);
      });
    });
  };
  send(isObject(action.request) ? action.request : {});
  return done;
}

/** Starts one action: takes its numbers now and settles when its completion events have been fed. */
export function startTask(scope: ReplayScope, action: Action): Settlement {
  checkAction(action);
  switch (action.kind) {
    case 'activity':
      return withRetry(scope, action.retry, () => oneActivity(scope, action));
    case 'child':
      return withRetry(scope, action.retry, () => oneChild(scope, action));
    case 'timer':
      return timer(scope, action);
    case 'event':
      return scope.book.waitForEvent(action.name);
    case 'entity':
      return entityTask(scope, action);
    case 'http':
      return http(scope, action);
    case 'all':
    case 'any':
      return compound(scope, action);
    case 'lock':
      return lockTask(scope, action);
    case 'release':
      releaseLocks(scope);
      return settled('succeeded');
    case 'continueAsNew':
      return settled('succeeded');
  }
}
