import { EntityId, type OrchestrationHandler } from 'durable-functions';
import { expect, test } from 'vitest';
import { startTestEngine, VirtualClock } from '../../../../local/host/testing/index.ts';

const shared = new EntityId('counter', 'shared');

const counter = (context: never) => {
  const { df } = context as {
    df: Record<string, (...args: unknown[]) => unknown> & { operationName: string };
  };
  const value = df['getState']?.(() => 0) as number;
  if (df.operationName === 'add') df['setState']?.(value + (df['getInput']?.() as number));
  df['return']?.(value);
};

const holder: OrchestrationHandler = function* (context) {
  yield context.df.lock([shared]);
  yield context.df.callEntity(shared, 'add', 1);
  const how = context.df.getInput();
  if (how === 'throws') throw new Error('while holding the lock');
  if (how === 'is refused') yield context.df.callActivity('nobody');
  yield context.df.waitForExternalEvent('Never');
};

const next: OrchestrationHandler = function* (context) {
  yield context.df.lock([shared]);
  return yield context.df.callEntity(shared, 'add', 1);
};

function startWork() {
  return startTestEngine({
    handlers: {
      activities: {},
      entities: { counter: counter as never },
      orchestrations: { holder, next },
    },
  });
}

test.each(['throws', 'is refused', 'is terminated'])(
  'a lock is free again when the orchestration that holds it %s',
  async (how) => {
    const work = await startWork();
    await work.call('POST', 'orchestrators/holder/h', how);
    await work.settle();
    await work.call('POST', 'orchestrators/next/n');
    await work.settle();
    if (how === 'is terminated') await work.call('POST', 'instances/h/terminate?reason=enough');
    await work.run();
    expect((await work.call('GET', 'instances/n')).body).toMatchObject({
      runtimeStatus: 'Completed',
      output: 1,
    });
    await work.engine.stop();
  },
);

test('a delayed signal reaches its entity when it is due', async () => {
  const clock = new VirtualClock();
  const due = new Date(clock.now() + 3_600_000).toISOString();
  const work = await startTestEngine({
    clock,
    handlers: {
      activities: {},
      entities: { counter: counter as never },
      orchestrations: {
        later: function* (context) {
          context.df.signalEntity(shared, 'add', 7);
          return yield context.df.waitForExternalEvent('Go');
        },
      },
    },
    // The SDK has no call for it; its protocol has the action.
    wrapWorker: (inner) => ({
      find: (kind, name) => inner.find(kind, name),
      names: (kind) => inner.names(kind),
      invokeActivity: (...call) => inner.invokeActivity(...call),
      invokeEntity: (...call) => inner.invokeEntity(...call),
      async invokeOrchestrator(...call) {
        const state = JSON.stringify(await inner.invokeOrchestrator(...call));
        const delayed = `"actionType":10,"scheduledTime":"${due}"`;
        return JSON.parse(state.replace('"actionType":9', delayed));
      },
    }),
  });
  const begun = clock.now();
  await work.call('POST', 'orchestrators/later/l');
  await work.settle();
  expect((await work.call('GET', 'entities/counter/shared')).status).toBe(404);
  await work.run();
  expect((await work.call('GET', 'entities/counter/shared')).body).toBe(7);
  expect(clock.now() - begun).toBe(3_600_000);
  await work.engine.stop();
});

test('an orchestration that ended while it waited for a lock never gets it', async () => {
  const work = await startWork();
  await work.call('POST', 'orchestrators/holder/first', 'waits');
  await work.settle();
  await work.call('POST', 'orchestrators/holder/second', 'waits');
  await work.call('POST', 'orchestrators/next/third');
  await work.settle();
  await work.call('POST', 'instances/second/terminate?reason=enough');
  await work.settle();
  await work.call('POST', 'instances/first/terminate?reason=enough');
  await work.run();
  expect((await work.call('GET', 'instances/third')).body).toMatchObject({
    runtimeStatus: 'Completed',
  });
  await work.engine.stop();
});

test('an entity is listed as an instance that never ends, by id among the orchestrations, page by page', async () => {
  const work = await startWork();
  await work.call('POST', 'orchestrators/next/n');
  await work.call('POST', 'entities/Counter/other?op=add', 5);
  await work.run();
  const ids = async (query: string) => {
    const { body } = await work.call('GET', `instances/?${query}`);
    return (body as { instanceId: string }[]).map(({ instanceId }) => instanceId);
  };
  expect(await ids('')).toEqual(['@counter@other', '@counter@shared', 'n']);
  expect(await ids('instanceIdPrefix=@counter@o')).toEqual(['@counter@other']);
  expect(await ids('runtimeStatus=Completed')).toEqual(['n']);
  expect(await ids('top=2')).toEqual(['@counter@other', '@counter@shared']);
  expect((await work.call('GET', 'instances/@counter@other')).body).toMatchObject({
    name: '@counter@other',
    runtimeStatus: 'Running',
    input: { exists: true, state: '5' },
    customStatus: { entityExists: true },
  });
  expect((await work.call('GET', 'entities/counter?fetchState=true')).body).toMatchObject([
    { entityId: { name: 'counter', key: 'other' }, state: 5 },
    { entityId: { name: 'counter', key: 'shared' }, state: 1 },
  ]);
  await work.engine.stop();
});

test('two orchestrations under a lock do not lose an update', async () => {
  const work = await startTestEngine({
    handlers: {
      activities: {},
      entities: { counter: counter as never },
      orchestrations: {
        addOne: function* (context) {
          const lock = yield context.df.lock([shared]);
          const seen = yield context.df.callEntity(shared, 'get');
          yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
          yield context.df.callEntity(shared, 'add', 1);
          lock.release();
          return seen;
        },
      },
    },
  });
  for (const id of ['a', 'b', 'c']) await work.call('POST', `orchestrators/addOne/${id}`);
  await work.run();
  const seen = await Promise.all(['a', 'b', 'c'].map((id) => work.call('GET', `instances/${id}`)));
  expect(seen.map(({ body }) => (body as { output: number }).output).sort()).toEqual([0, 1, 2]);
  expect((await work.call('GET', 'entities/counter/shared')).body).toBe(3);
  await work.engine.stop();
});
