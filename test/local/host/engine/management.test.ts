import { describe, expect, test } from 'vitest';
import { startTestEngine } from '../../../../local/host/testing/index.ts';

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

  test('a list is by id, and filters, pages and purges as it is asked', async () => {
    const work = await startTestEngine({
      handlers: {
        activities: {},
        orchestrations: {
          short: function* (context) {
            yield context.df.createTimer(context.df.currentUtcDateTime);
          },
          waiting: function* (context) {
            yield context.df.waitForExternalEvent('Never');
          },
        },
      },
    });
    const hour = 3_600_000;
    const later = new Date(work.clock.now() + hour / 2).toISOString();
    for (const id of ['c', 'a', 'b']) await work.call('POST', `orchestrators/short/${id}`, { id });
    await work.run();
    work.clock.jump(work.clock.now() + hour);
    await work.call('POST', 'orchestrators/waiting/d');
    await work.run();
    const ask = (query: string, token = '') =>
      work.engine.handleManagement(
        new Request(`http://x/instances/?${query}`, {
          headers: token === '' ? {} : { 'x-ms-continuation-token': token },
        }),
      );
    const ids = async (answer: Response) =>
      ((await answer.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId);
    expect(await ids(await ask(''))).toEqual(['a', 'b', 'c', 'd']);
    expect(await ids(await ask('runtimeStatus=Completed,Bogus'))).toEqual(['a', 'b', 'c']);
    expect(await ids(await ask('runtimeStatus=Running'))).toEqual(['d']);
    expect(await ids(await ask(`createdTimeFrom=${later}`))).toEqual(['d']);
    expect(await ids(await ask(`createdTimeTo=${later}`))).toEqual(['a', 'b', 'c']);
    expect(await ids(await ask('instanceIdPrefix=b'))).toEqual(['b']);
    const first = await ask('top=3');
    expect(await ids(first)).toEqual(['a', 'b', 'c']);
    const next = await ask('top=3', first.headers.get('x-ms-continuation-token') ?? '');
    expect(await ids(next)).toEqual(['d']);
    expect(next.headers.get('x-ms-continuation-token')).toBe('');
    expect(await (await ask('showInput=false&top=1')).json()).toMatchObject([{ input: null }]);
    expect((await ask('createdTimeFrom=yesterday')).status).toBe(400);
    const purged = await work.call('DELETE', 'instances/?createdTimeFrom=2020-01-01T00:00:00Z');
    expect(purged.body).toEqual({ instancesDeleted: 3 });
    expect((await work.call('DELETE', 'instances/?createdTimeFrom=2020-01-01')).status).toBe(404);
    expect((await work.call('DELETE', 'instances/')).status).toBe(400);
    await work.engine.stop();
  });
});
