import { EntityId, RetryOptions } from 'durable-functions';
import { describe, expect, test } from 'vitest';
import { createDurableEngine } from '../../../../local/host/engine/index.ts';
import {
  HandlerWorker,
  runOrchestrator,
  startTestEngine,
} from '../../../../local/host/testing/index.ts';

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

describe('children, events, generations', () => {
  test('an event that raced a cancelled timer before continueAsNew comes again, as on Azure, and is warned of', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const { n } = context.df.getInput() as { n: number };
        const timer = context.df.createTimer(
          new Date(context.df.currentUtcDateTime.getTime() + day),
        );
        yield context.df.Task.any([context.df.waitForExternalEvent('Go'), timer]);
        if (n === 2) return 'three generations, one event';
        timer.cancel();
        context.df.continueAsNew({ n: n + 1 });
        return undefined;
      },
      { input: { n: 0 }, events: [{ name: 'Go', data: null }] },
    );
    expect(run.output).toBe('three generations, one event');
    expect(run.warnings[0]).toContain("'Go'");
  });

  test('a child gets its input, knows its parent and fails its parent catchably', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const good = yield context.df.callSubOrchestrator('child', { fail: false });
        try {
          yield context.df.callSubOrchestrator('child', { fail: true });
        } catch (error) {
          return { good, bad: (error as Error).message.split('\n')[0] };
        }
        return 'not thrown';
      },
      {
        instanceId: 'mother',
        orchestrations: {
          child: function* (context) {
            yield context.df.createTimer(context.df.currentUtcDateTime);
            if ((context.df.getInput() as { fail: boolean }).fail) throw new Error('no');
            return context.df.parentInstanceId;
          },
        },
      },
    );
    expect(run.output).toEqual({
      good: 'mother',
      bad: "Orchestrator function 'child' failed: no ",
    });
  });

  test('an event that comes before its wait is kept for it', async () => {
    const run = await runOrchestrator(
      function* (context) {
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
        return yield context.df.waitForExternalEvent('Go');
      },
      { events: [{ name: 'Go', data: { early: true } }] },
    );
    expect(run.output).toEqual({ early: true });
  });

  test('an event in the wrong case is left alone and warned of; the right one still comes through', async () => {
    const run = await runOrchestrator(
      function* (context) {
        return yield context.df.waitForExternalEvent('Go');
      },
      {
        events: [
          { name: 'go', data: 'wrong' },
          { name: 'Go', data: 'right', afterMs: 1000 },
        ],
      },
    );
    expect(run.output).toBe('right');
    expect(run.warnings[0]).toContain("'go'");
  });

  test('an orchestration that waits for an event nobody raises is reported as running', async () => {
    const run = await runOrchestrator(function* (context) {
      return yield context.df.waitForExternalEvent('Never');
    });
    expect(run.runtimeStatus).toBe('Running');
  });

  test('continueAsNew starts over with its input and a short history', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const { n } = context.df.getInput() as { n: number };
        context.df.setCustomStatus({ n });
        yield context.df.callActivity('tick', { n });
        if (n === 50) return 'far enough';
        context.df.continueAsNew({ n: n + 1 });
        return undefined;
      },
      { input: { n: 0 }, activities: { tick: () => null } },
    );
    expect(run).toMatchObject({ output: 'far enough', customStatus: { n: 50 } });
    expect(run.activityCalls).toHaveLength(51);
    expect(run.history).toHaveLength(3);
  });
});

describe('entities', () => {
  const counter = (context: never) => {
    const { df } = context as {
      df: Record<string, (...args: unknown[]) => unknown> & { operationName: string };
    };
    const value = df['getState']?.(() => 0) as number;
    if (df.operationName === 'add') df['setState']?.(value + (df['getInput']?.() as number));
    df['return']?.(df.operationName === 'add' ? value + (df['getInput']?.() as number) : value);
  };

  test('two orchestrations under a lock do not lose an update', async () => {
    const work = await startTestEngine({
      handlers: {
        activities: {},
        entities: { counter: counter as never },
        orchestrations: {
          addOne: function* (context) {
            const id = new EntityId('counter', 'shared');
            const lock = yield context.df.lock([id]);
            const seen = yield context.df.callEntity(id, 'get');
            yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
            yield context.df.callEntity(id, 'add', 1);
            lock.release();
            return seen;
          },
        },
      },
    });
    for (const id of ['a', 'b', 'c']) await work.call('POST', `orchestrators/addOne/${id}`);
    await work.run();
    const seen = await Promise.all(
      ['a', 'b', 'c'].map((id) => work.call('GET', `instances/${id}`)),
    );
    expect(seen.map(({ body }) => (body as { output: number }).output).sort()).toEqual([0, 1, 2]);
    expect((await work.call('GET', 'entities/counter/shared')).body).toBe(3);
    await work.engine.stop();
  });
});

describe('management', () => {
  test('restart runs again with the same input under a new id', async () => {
    const work = await startTestEngine({
      handlers: {
        activities: {},
        orchestrations: {
          echo: function* (context) {
            yield context.df.createTimer(context.df.currentUtcDateTime);
            return context.df.getInput();
          },
        },
      },
    });
    await work.call('POST', 'orchestrators/echo/first', { a: 1 });
    await work.run();
    const { body } = await work.call('POST', 'instances/first/restart');
    const { id } = body as { id: string };
    await work.run();
    expect(id).not.toBe('first');
    expect((await work.call('GET', `instances/${id}`)).body).toMatchObject({ output: { a: 1 } });
    await work.engine.stop();
  });

  test('rewind runs what failed again, in the child as well, and keeps what succeeded', async () => {
    const calls: string[] = [];
    let broken = true;
    const work = await startTestEngine({
      handlers: {
        activities: {
          good: () => {
            calls.push('good');
            return 1;
          },
          repaired: () => {
            calls.push('repaired');
            if (broken) throw new Error('broken');
            return 2;
          },
        },
        orchestrations: {
          mother: function* (context) {
            const a = yield context.df.callActivity('good');
            const b = yield context.df.callSubOrchestrator('child');
            return a + b;
          },
          child: function* (context) {
            return yield context.df.callActivity('repaired');
          },
        },
      },
    });
    await work.call('POST', 'orchestrators/mother/m');
    await work.run();
    expect((await work.call('GET', 'instances/m')).body).toMatchObject({ runtimeStatus: 'Failed' });
    broken = false;
    expect((await work.call('POST', 'instances/m/rewind?reason=repaired')).status).toBe(202);
    await work.run();
    expect((await work.call('GET', 'instances/m')).body).toMatchObject({
      runtimeStatus: 'Completed',
      output: 3,
    });
    expect(calls).toEqual(['good', 'repaired', 'repaired']);
    await work.engine.stop();
  });

  test('an orchestration that only continues as new can still be terminated', async () => {
    const work = await startTestEngine({
      handlers: {
        activities: {},
        orchestrations: {
          spinner: function* (context) {
            if (context.df.instanceId === '') yield context.df.waitForExternalEvent('never');
            context.df.continueAsNew({});
          },
        },
      },
    });
    await work.call('POST', 'orchestrators/spinner/s');
    await expect
      .poll(async () => (await work.call('GET', 'instances/s')).body)
      .toMatchObject({ runtimeStatus: 'Running' });
    await work.call('POST', 'instances/s/terminate?reason=enough');
    await work.run();
    expect((await work.call('GET', 'instances/s')).body).toMatchObject({
      runtimeStatus: 'Terminated',
    });
    await work.engine.stop();
  });

  test('a suspended orchestration does nothing until it is resumed', async () => {
    const calls: string[] = [];
    const work = await startTestEngine({
      handlers: {
        activities: { note: () => calls.push('called') },
        orchestrations: {
          waiter: function* (context) {
            yield context.df.waitForExternalEvent('Go');
            yield context.df.callActivity('note');
            return 'done';
          },
        },
      },
    });
    await work.call('POST', 'orchestrators/waiter/w');
    await work.run();
    await work.call('POST', 'instances/w/suspend?reason=stop');
    await work.run();
    await work.call('POST', 'instances/w/raiseEvent/Go', 1);
    await work.run();
    expect(calls).toEqual([]);
    await work.call('POST', 'instances/w/resume');
    await work.run();
    expect((await work.call('GET', 'instances/w')).body).toMatchObject({ output: 'done' });
    await work.engine.stop();
  });
});
