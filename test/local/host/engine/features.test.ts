import { RetryOptions } from 'durable-functions';
import { describe, expect, test } from 'vitest';
import { createDurableEngine } from '../../../../local/host/engine/index.ts';
import { HandlerWorker, runOrchestrator } from '../../../../local/host/testing/index.ts';

const day = 86_400_000;

function retry(firstMs: number, attempts: number, coefficient = 1): RetryOptions {
  const options = new RetryOptions(firstMs, attempts);
  options.backoffCoefficient = coefficient;
  return options;
}

function failing(times: number) {
  let left = times;
  return () => {
    if (left-- > 0) throw new Error('not yet');
    return { ok: true };
  };
}

describe('activities', () => {
  test('a chain hands each result to the next call and keeps the calls in order', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const first = yield context.df.callActivity('add', { to: context.df.getInput() });
        return yield context.df.callActivity('add', { to: first });
      },
      { input: 1, activities: { add: ({ to }: { to: number }) => to + 1 } },
    );
    expect(run).toMatchObject({
      runtimeStatus: 'Completed',
      output: 3,
      activityCalls: [
        { name: 'add', input: { to: 1 } },
        { name: 'add', input: { to: 2 } },
      ],
    });
  });

  test('a fan-out of 200 comes back in the order of its tasks', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const tasks = Array.from({ length: 200 }, (_, i) => context.df.callActivity('echo', { i }));
        return yield context.df.Task.all(tasks);
      },
      { activities: { echo: ({ i }: { i: number }) => i } },
    );
    expect(run.output).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  test('an error reaches the orchestrator with the texts of the real extension', async () => {
    const run = await runOrchestrator(
      function* (context) {
        try {
          yield context.df.callActivity('boom');
        } catch (error) {
          return (error as Error).message.split('\n')[0];
        }
        return 'not thrown';
      },
      {
        activities: {
          boom: () => {
            throw new Error('bad luck');
          },
        },
      },
    );
    expect(run.output).toBe("Activity function 'boom' failed:  bad luck ");
  });
});

test('no more activities and orchestrators run at one time than host.json allows, and all of 1,000 instances end', async () => {
  let running = 0;
  let most = 0;
  const worker = new HandlerWorker({
    activities: {
      slow: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    },
    orchestrations: {
      two: function* (context) {
        yield context.df.Task.all([
          context.df.callActivity('slow'),
          context.df.callActivity('slow'),
        ]);
      },
    },
  });
  const engine = createDurableEngine({
    worker,
    dataFile: undefined,
    hubName: 'LimitHub',
    baseUrl: () => 'http://127.0.0.1:7071',
    maxConcurrentActivities: 7,
  });
  await engine.start();
  const start = (_: unknown, i: number) =>
    engine.handleManagement(new Request(`http://x/orchestrators/two/i${i}`, { method: 'POST' }));
  await Promise.all(Array.from({ length: 1000 }, start));
  await expect
    .poll(() => engine.status(), { timeout: 20_000 })
    .toEqual({ running: 0, pending: 0, waitingActivities: 0 });
  expect(most).toBe(7);
  await engine.stop();
});

describe('time', () => {
  test('a retry waits longer each time, as its policy says', async () => {
    const run = await runOrchestrator(
      function* (context) {
        return yield context.df.callActivityWithRetry('flaky', retry(1000, 5, 2));
      },
      { activities: { flaky: failing(3) } },
    );
    expect(run).toMatchObject({
      runtimeStatus: 'Completed',
      output: { ok: true },
      elapsedMs: 7000,
    });
    expect(run.activityCalls).toHaveLength(4);
  });

  test('a timer of 20 days fires on time, by hops that a real host can hold', async () => {
    const run = await runOrchestrator(function* (context) {
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 20 * day));
      return context.df.currentUtcDateTime;
    });
    expect(run).toMatchObject({ output: '2026-01-21T00:00:00.000Z', elapsedMs: 20 * day });
    expect(run.history.filter((event) => event['EventType'] === 'TimerFired')).toHaveLength(6);
  });

  test('a cancelled timer does not hold the orchestration back', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const timer = context.df.createTimer(
          new Date(context.df.currentUtcDateTime.getTime() + day),
        );
        const event = context.df.waitForExternalEvent('Go');
        const winner = yield context.df.Task.any([event, timer]);
        timer.cancel();
        return winner === event;
      },
      { events: [{ name: 'Go', data: null, afterMs: 60_000 }] },
    );
    expect(run).toMatchObject({ runtimeStatus: 'Completed', output: true, elapsedMs: 60_000 });
  });

  test('a timer that is not cancelled keeps the instance running until it fires', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const timer = context.df.createTimer(
          new Date(context.df.currentUtcDateTime.getTime() + day),
        );
        yield context.df.Task.any([context.df.callActivity('quick'), timer]);
        return 'done';
      },
      { activities: { quick: () => null } },
    );
    expect(run).toMatchObject({ output: 'done', elapsedMs: day });
  });
});
