import { type OrchestrationHandler, RetryOptions } from 'durable-functions';
import { expect, test } from 'vitest';
import { type RunOptions, runOrchestrator } from '../../../../local/host/testing/index.ts';

const hour = 3_600_000;

function later(now: Date): Date {
  return new Date(now.getTime() + hour);
}

const activities: RunOptions['activities'] = {
  echo: (value: unknown) => value,
  boom: () => {
    throw new Error('boom');
  },
};

const shapes: readonly (readonly [string, OrchestrationHandler])[] = [
  [
    'UNKNOWN_ACTIVITY',
    function* (context) {
      yield context.df.callActivity('nobody');
    },
  ],
  [
    'UNKNOWN_ORCHESTRATOR',
    function* (context) {
      yield context.df.callSubOrchestrator('nobody');
    },
  ],
  [
    'CHILD_ID_IN_USE',
    function* (context) {
      yield context.df.callSubOrchestrator('child', {}, context.df.instanceId);
    },
  ],
  [
    'RETRY_TIMEOUT',
    function* (context) {
      const policy = new RetryOptions(1, 2);
      Object.assign(policy, { retryTimeoutInMilliseconds: 500 });
      yield context.df.callActivityWithRetry('boom', policy);
    },
  ],
  [
    'NUMERIC_EVENT_NAME',
    function* (context) {
      yield context.df.waitForExternalEvent('7');
    },
  ],
  [
    'TASK_LISTED_TWICE',
    function* (context) {
      const timer = context.df.createTimer(later(context.df.currentUtcDateTime));
      yield context.df.Task.any([timer, context.df.waitForExternalEvent('A')]);
      yield context.df.Task.any([timer, context.df.waitForExternalEvent('B')]);
    },
  ],
  [
    'RETRY_LEFT_BEHIND',
    function* (context) {
      try {
        yield context.df.Task.all([
          context.df.callActivity('boom'),
          context.df.callActivityWithRetry('boom', new RetryOptions(hour, 3)),
        ]);
      } catch {
        yield context.df.callActivity('echo', { after: true });
      }
    },
  ],
  [
    'NOTHING_TO_WAIT_FOR',
    function* (context) {
      if (context.df.instanceId !== '') throw undefined;
      yield context.df.waitForExternalEvent('never reached');
    },
  ],
];

test.each(shapes)('%s is refused at once, by name, line and remedy', async (code, handler) => {
  const run = await runOrchestrator(handler, {
    activities,
    orchestrations: { child: handler },
    events: [{ name: 'A', data: 1 }],
  });
  expect(run.runtimeStatus).toBe('Failed');
  expect(run.output).toContain(`${code}: `);
  expect(run.output).toMatch(/At .*refused-shapes\.test\.ts:\d+\.$/);
  expect(run.elapsedMs).toBeLessThan(hour);
});

test('code that counts tasks differently on replay fails as non-deterministic', async () => {
  let runs = 0;
  const run = await runOrchestrator(
    function* (context) {
      runs += 1;
      if (runs > 1) yield context.df.callActivity('boom', {});
      return yield context.df.callActivity('echo', {});
    },
    { activities },
  );
  expect(run.runtimeStatus).toBe('Failed');
  expect(run.output).toContain('Non-Deterministic workflow detected');
});

test('a retry that lost an attempt in a race with a timer that is then cancelled fails, as on Azure', async () => {
  let left = 1;
  const run = await runOrchestrator(
    function* (context) {
      const timer = context.df.createTimer(later(context.df.currentUtcDateTime));
      const work = context.df.callActivityWithRetry('flaky', new RetryOptions(1, 3));
      yield context.df.Task.any([work, timer]);
      timer.cancel();
      return yield context.df.callActivity('echo', {});
    },
    {
      activities: {
        ...activities,
        flaky: () => {
          if (left-- > 0) throw new Error('once');
          return null;
        },
      },
    },
  );
  expect(run.runtimeStatus).toBe('Failed');
});
