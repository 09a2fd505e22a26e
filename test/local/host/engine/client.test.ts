import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createDurableEngine,
  type DurableEngine,
  durableClientBinding,
} from '../../../../local/host/engine/index.ts';
import { HandlerWorker } from '../../../../local/host/testing/index.ts';

const worker = new HandlerWorker({
  activities: { addOne: (n: { n: number }) => ({ n: n.n + 1 }) },
  orchestrations: {
    chain: function* (context) {
      let value = { n: 0 };
      for (let i = 0; i < 3; i++) value = yield context.df.callActivity('addOne', value);
      return value.n;
    },
    waiting: function* (context) {
      return yield context.df.waitForExternalEvent('Go');
    },
    failing: function* (context) {
      yield context.df.callActivity('addOne', { n: 1 });
      throw new Error('it failed');
    },
  },
  entities: {
    counter: (context) => {
      const value = context.df.getState(() => 0) as number;
      if (context.df.operationName === 'add')
        context.df.setState(value + (context.df.getInput() as number));
      context.df.return(value);
    },
  },
});

let engine: DurableEngine;
let server: Server;
let client: df.DurableClient;

async function begin(systemKey: string | undefined): Promise<void> {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
    const answer = await engine.handleManagement(
      new Request(`http://127.0.0.1${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        ...body,
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const options = {
    worker,
    dataFile: undefined,
    hubName: 'ClientHub',
    baseUrl: () => `http://127.0.0.1:${port}`,
    ...(systemKey === undefined ? {} : { systemKey }),
  };
  engine = createDurableEngine(options);
  await engine.start();
  // Without it the client turns every URL to localhost:7071.
  vi.stubEnv('WEBSITE_HOSTNAME', `127.0.0.1:${port}`);
  const input = df.input.durableClient();
  const context = new InvocationContext({
    functionName: 'f',
    options: { extraInputs: [input] },
  } as never);
  context.extraInputs.set(input, durableClientBinding(options));
  client = df.getClient(context);
}

async function ended(id: string): Promise<df.DurableOrchestrationStatus> {
  for (;;) {
    const status = await client.getStatus(id);
    if (!['Pending', 'Running'].includes(status.runtimeStatus)) return status;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function first(id: string): Promise<void> {
  while ((await client.getStatus(id)).runtimeStatus === 'Pending')
    await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each([
  ['its RPC address', undefined],
  ['URL templates with a system key', 'secret'],
])('the durable-functions client through %s', (_, key) => {
  beforeEach(() => begin(key));
  afterEach(async () => {
    vi.unstubAllEnvs();
    await engine.stop();
    server.close();
    server.closeAllConnections();
  });

  test('starts an orchestration and reads its ending', async () => {
    const id = await client.startNew('Chain', { instanceId: 'a', input: { x: 1 } });
    const status = await ended(id);
    expect(status).toMatchObject({
      name: 'Chain',
      runtimeStatus: 'Completed',
      input: { x: 1 },
      output: 3,
    });
    expect(status.createdTime).toBeInstanceOf(Date);
  });

  test('refuses a second start under an id that has not ended, and replaces an ended one', async () => {
    await client.startNew('waiting', { instanceId: 'one' });
    await expect(client.startNew('waiting', { instanceId: 'one' })).rejects.toThrow(/409/);
    await client.raiseEvent('one', 'Go', { go: 1 });
    await ended('one');
    await expect(client.startNew('chain', { instanceId: 'one' })).resolves.toBe('one');
  });

  test('answers an unknown function with an instance that failed', async () => {
    const status = await ended(await client.startNew('nobody'));
    expect(status.runtimeStatus).toBe('Failed');
    expect(status.output).toContain("'nobody' doesn't exist");
  });

  test('raises events, and says so when there is no such instance', async () => {
    await client.startNew('waiting', { instanceId: 'e' });
    await client.raiseEvent('e', 'Go', { data: [1, 2] });
    expect((await ended('e')).output).toEqual({ data: [1, 2] });
    await client.raiseEvent('e', 'Go', 'too late, silently');
    await expect(client.raiseEvent('nope', 'Go', 1)).rejects.toThrow(
      "No instance with ID 'nope' found",
    );
  });

  test('suspends, resumes and terminates', async () => {
    await client.startNew('waiting', { instanceId: 's' });
    await first('s');
    await client.suspend('s', 'pause');
    expect(await ended('s')).toMatchObject({ runtimeStatus: 'Suspended', output: 'pause' });
    await expect(client.suspend('s', 'twice')).rejects.toThrow(/500/);
    await client.resume('s', 'go on');
    await client.terminate('s', 'enough');
    await expect
      .poll(() => client.getStatus('s'))
      .toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
    await client.terminate('s', 'again, silently');
  });

  test('lists by status over pages and purges what has ended', async () => {
    const ids = Array.from({ length: 105 }, (_, i) => `l${i}`);
    await Promise.all(ids.map((instanceId) => client.startNew('chain', { instanceId })));
    await client.startNew('waiting', { instanceId: 'lw' });
    for (const id of ids) await ended(id);
    const from = new Date(Date.now() - 3_600_000);
    const completed = await client.getStatusBy({
      createdTimeFrom: from,
      runtimeStatus: [df.OrchestrationRuntimeStatus.Completed],
    });
    expect(completed).toHaveLength(105);
    await expect(client.purgeInstanceHistory('lw')).rejects.toThrow(/412/);
    expect(await client.purgeInstanceHistory('l0')).toEqual({ instancesDeleted: 1 });
    expect(await client.purgeInstanceHistory('l0')).toEqual({ instancesDeleted: 0 });
    expect(await client.purgeInstanceHistoryBy({ createdTimeFrom: from })).toEqual({
      instancesDeleted: 104,
    });
    expect(await client.getStatusAll()).toHaveLength(1);
  });

  test('waits for completion or answers with the links to look again', async () => {
    const request = { url: 'http://127.0.0.1:1/' } as never;
    await client.startNew('chain', { instanceId: 'w' });
    const wait = { timeoutInMilliseconds: 2000, retryIntervalInMilliseconds: 10 };
    const done = await client.waitForCompletionOrCreateCheckStatusResponse(request, 'w', wait);
    expect(done.status).toBe(200);
    expect(await done.json()).toBe(3);
    await client.startNew('waiting', { instanceId: 'ww' });
    const short = { timeoutInMilliseconds: 30, retryIntervalInMilliseconds: 10 };
    const open = await client.waitForCompletionOrCreateCheckStatusResponse(request, 'ww', short);
    expect(open.status).toBe(202);
  });

  test('signals entities and reads their state', async () => {
    const id = new df.EntityId('Counter', 'k');
    await client.signalEntity(id, 'add', 2);
    await client.signalEntity(id, 'add', 3);
    await expect
      .poll(() => client.readEntityState(id))
      .toMatchObject({ entityExists: true, entityState: 5 });
    expect(await client.readEntityState(new df.EntityId('Counter', 'other'))).toMatchObject({
      entityExists: false,
    });
  });

  test('rewinds only what failed', async () => {
    await client.startNew('failing', { instanceId: 'r' });
    expect((await ended('r')).runtimeStatus).toBe('Failed');
    await client.rewind('r', 'again');
    expect((await ended('r')).output).toContain('it failed');
    await client.startNew('chain', { instanceId: 'rc' });
    await ended('rc');
    await expect(client.rewind('rc', 'x')).rejects.toThrow('Completed');
    await expect(client.rewind('nope', 'x')).rejects.toThrow('nope');
  });
});

test('a call without the system key is refused', async () => {
  await begin('secret');
  const answer = await engine.handleManagement(
    new Request('http://x/runtime/webhooks/durabletask/instances/'),
  );
  expect(answer.status).toBe(401);
  vi.unstubAllEnvs();
  await engine.stop();
  server.close();
});
