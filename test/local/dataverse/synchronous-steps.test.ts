import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startService } from './web-api-client.ts';
import { pairValue, receiver, registerStep, service, useWebhooks } from './webhook-receiver.ts';

useWebhooks();

const name = async (id: string) => (await service.call('GET', `contacts(${id})`)).json['lastname'];
const count = async () => Number((await service.call('GET', 'contacts/$count')).text);
const rule = (form: object) => service.control('POST', 'plugins', form);
const batch = (parts: readonly (readonly [string, string, object])[], changeSet = false) => {
  const part = ([method, path, body]: readonly [string, string, object], id: number) =>
    `--b\r\nContent-Type: application/http\r\nContent-ID: ${id + 1}\r\n\r\n${method} /api/data/v9.2/${path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
  const text = `${parts.map(part).join('')}--b--\r\n`;
  const whole = changeSet
    ? `--o\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${text}--o--\r\n`
    : text;
  const boundary = changeSet ? 'o' : 'b';
  return service.call('POST', '$batch', whole, {
    'Content-Type': `multipart/mixed; boundary=${boundary}`,
    Prefer: 'odata.continue-on-error',
  });
};

describe('A10: a synchronous webhook is part of the operation', () => {
  test('it is asked before the answer, in the transaction, and 2xx lets the write pass', async () => {
    await registerStep(service, { message: 'Update', url: receiver.url, mode: 0 });
    const id = await service.create('contacts', { lastname: 'A' });
    await service.call('PATCH', `contacts(${id})`, { lastname: 'B' });
    expect(receiver.deliveries.map(({ context }) => context)).toMatchObject([
      { Mode: 0, Stage: 40, IsInTransaction: true, PrimaryEntityId: id },
    ]);
    expect(await name(id)).toBe('B');
  });

  test.each([
    [500, '0x80050201'],
    [400, '0x80050201'],
  ])('an answer %i fails the operation and rolls it back (%s)', async (status, code) => {
    for (const message of ['Create', 'Update', 'Delete']) {
      await registerStep(service, { message, url: receiver.url, mode: 0 });
    }
    const id = await service.create('contacts', { lastname: 'A' });
    for (const [method, path, body] of [
      ['POST', 'contacts', {}],
      ['PATCH', `contacts(${id})`, { lastname: 'B' }],
      ['DELETE', `contacts(${id})`, undefined],
    ] as const) {
      receiver.statuses.push(status);
      const answer = await service.call(method, path, body);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { code, message: expect.any(String) } });
    }
    expect([await count(), await name(id)]).toEqual([1, 'A']);
  });

  test('no answer in time fails it with 0x80050202; other calls go on meanwhile', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    await registerStep(service, { message: 'Update', url: receiver.url, mode: 0 });
    receiver.statuses.push(-1);
    const waiting = service.call('PATCH', `contacts(${id})`, { lastname: 'B' });
    await expect.poll(() => receiver.deliveries.length).toBe(1);
    expect(await service.create('accounts', { name: 'A' })).toMatch(/-/);
    const { status, json } = await waiting;
    expect([status, json]).toMatchObject([400, { error: { code: '0x80050202' } }]);
    expect(await name(id)).toBe('A');
  });

  test('a created row has the id that the webhook was told', async () => {
    await registerStep(service, { message: 'Create', url: receiver.url, mode: 0 });
    const id = await service.create('contacts', { lastname: 'A' });
    const { context } = receiver.deliveries[0]!;
    expect([context['PrimaryEntityId'], receiver.deliveries.length]).toEqual([id, 1]);
    expect(pairValue(context['OutputParameters'], 'id')).toBe(id);
  });

  test('in a batch only the refused part fails; in a change set all do', async () => {
    await registerStep(service, { message: 'Create', url: receiver.url, mode: 0 });
    receiver.statuses.push(200, 500, 200);
    const posts = ['A', 'B', 'C'].map((lastname) => ['POST', 'contacts', { lastname }] as const);
    const loose = await batch(posts);
    expect(loose.text.match(/HTTP\/1\.1 (\d+)/g)).toEqual([
      'HTTP/1.1 204',
      'HTTP/1.1 400',
      'HTTP/1.1 204',
    ]);
    expect(await count()).toBe(2);
    receiver.statuses.push(200, 500);
    await batch(posts, true);
    expect(await count()).toBe(2);
  });

  test('one refused row undoes a whole bulk message', async () => {
    await registerStep(service, { message: 'Create', url: receiver.url, mode: 0 });
    receiver.statuses.push(200, 500);
    const target = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' };
    const path = 'contacts/Microsoft.Dynamics.CRM.CreateMultiple';
    const answer = await service.call('POST', path, { Targets: [target, target, target] });
    expect([answer.status, await count()]).toEqual([400, 0]);
  });
});

describe('A10: registrations that Dataverse refuses', () => {
  test.each([
    ['an asynchronous step before the operation', { stage: 20, mode: 1 }],
    ['a stage that does not exist', { stage: 30, mode: 0 }],
  ] as const)('%s', async (_, form) => {
    const made = registerStep(service, { message: 'Create', url: receiver.url, ...form });
    expect(await made).toBe('not created');
  });

  test('Upsert and UpsertMultiple are no events of a standard table', async () => {
    const form = { message: 'UpsertMultiple', url: receiver.url };
    expect(await registerStep(service, form)).toBe('not created');
  });

  test.each([
    ['Create', 0],
    ['Delete', 1],
  ])('%s has no image of type %i', async (message, imagetype) => {
    const step = await registerStep(service, { message, url: receiver.url });
    const answer = await service.call('POST', 'sdkmessageprocessingstepimages', {
      ...{ entityalias: 'i', imagetype },
      'sdkmessageprocessingstepid@odata.bind': `sdkmessageprocessingsteps(${step})`,
    });
    expect(answer.status).toBe(400);
  });

  test('a disabled step does not run, and runs again when enabled', async () => {
    const step = await registerStep(service, { message: 'Create', url: receiver.url, mode: 0 });
    const set = (statecode: number) =>
      service.call('PATCH', `sdkmessageprocessingsteps(${step})`, { statecode });
    await set(1);
    await service.create('contacts', {});
    expect(receiver.deliveries).toHaveLength(0);
    await set(0);
    await service.create('contacts', {});
    expect(receiver.deliveries).toHaveLength(1);
  });
});

describe('scripted plug-ins', () => {
  test('a plug-in that throws fails the operation with 400 0x80040265 (A1), so many times', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const error = { message: 'no' };
    await rule({ table: 'contact', message: 'Update', columns: ['lastname'], times: 1, error });
    expect((await service.call('PATCH', `contacts(${id})`, { firstname: 'X' })).status).toBe(204);
    const refused = await service.call('PATCH', `contacts(${id})`, { lastname: 'B' });
    expect([refused.status, refused.json]).toEqual([
      400,
      { error: { code: '0x80040265', message: 'no' } },
    ]);
    expect(await name(id)).toBe('A');
    expect((await service.call('PATCH', `contacts(${id})`, { lastname: 'C' })).status).toBe(204);
  });

  test('status and code are given as the test needs them; skip lets the first ones pass', async () => {
    const error = { status: 403, code: '0x80040220', message: 'm' };
    await rule({ table: 'contact', message: 'Create', skip: 1, times: 1, error });
    const posts = ['A', 'B', 'C'].map((lastname) => ['POST', 'contacts', { lastname }] as const);
    const { text } = await batch(posts);
    expect(text.match(/HTTP\/1\.1 (\d+)/g)?.map((line) => line.slice(-3))).toEqual([
      '204',
      '403',
      '204',
    ]);
    expect(await count()).toBe(2);
  });

  test('a plug-in may change a column before it is written', async () => {
    await rule({ table: 'contact', message: 'Create', set: { lastname: 'CHANGED' } });
    const prefer = { Prefer: 'return=representation' };
    const { json } = await service.call('POST', 'contacts', { lastname: 'A' }, prefer);
    expect(json['lastname']).toBe('CHANGED');
  });

  test('a plug-in may hold an operation up while others pass it', async () => {
    await rule({ table: 'contact', message: 'Create', times: 1, delayMs: 1500 });
    const order: string[] = [];
    const slow = service.call('POST', 'contacts', {}).then(() => order.push('slow'));
    await service.call('POST', 'accounts', {}).then(() => order.push('quick'));
    await slow;
    expect(order).toEqual(['quick', 'slow']);
    expect(await count()).toBe(1);
  });

  test('its own update is an event one level deeper, with the outer write as ParentContext', async () => {
    await registerStep(service, { message: 'Update', url: receiver.url, mode: 0 });
    await rule({ table: 'contact', message: 'Create', update: { jobtitle: 'set' } });
    const { status } = await service.call('POST', 'contacts?tag=outer', { lastname: 'A' });
    const [told] = receiver.deliveries;
    expect([status, receiver.deliveries.length]).toEqual([204, 1]);
    expect(told?.context).toMatchObject({
      ...{ Depth: 2, MessageName: 'Update', SharedVariables: [] },
      ParentContext: {
        ...{ Depth: 1, MessageName: 'Create' },
        SharedVariables: [{ key: 'tag', value: 'outer' }],
      },
    });
  });

  test('updates of several plug-ins add up', async () => {
    for (const update of [{ jobtitle: 'one' }, { nickname: 'two' }]) {
      await rule({ table: 'contact', message: 'Create', update });
    }
    const prefer = { Prefer: 'return=representation' };
    const { json } = await service.call('POST', 'contacts', { lastname: 'A' }, prefer);
    expect(json).toMatchObject({ lastname: 'A', jobtitle: 'one', nickname: 'two' });
  });

  test('a plug-in that sets itself off is stopped after eight levels, and all is undone', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    await rule({ table: 'contact', message: 'Update', update: { jobtitle: 'again' } });
    const answer = await service.call('PATCH', `contacts(${id})`, { lastname: 'B' });
    expect([answer.status, answer.json]).toMatchObject([400, { error: { code: '0x80044182' } }]);
    expect(await name(id)).toBe('A');
  });

  test('they are skipped like synchronous steps, refused when they make no sense, and cleared', async () => {
    await rule({ table: 'contact', message: 'Create', error: {} });
    const bypass = { 'MSCRM.BypassCustomPluginExecution': 'true' };
    expect((await service.call('POST', 'contacts', {}, bypass)).status).toBe(204);
    expect((await rule({ table: 'nope', message: 'Create' })).status).toBe(400);
    expect((await rule({ table: 'contact', message: 'Create', set: { nope: 1 } })).status).toBe(
      400,
    );
    await service.control('DELETE', 'plugins');
    expect((await service.call('POST', 'contacts', {})).status).toBe(204);
  });
});

describe('an asynchronous delivery survives a kill', () => {
  const main = join(import.meta.dirname, '../../../local/dataverse/main.ts');
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dataverse-data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function start(): Promise<{ child: ChildProcess; root: string; control: string }> {
    const child = fork(main, ['--port', '0', '--data', folder], { silent: true });
    const [{ url }] = await once(child, 'message');
    return { child, root: `${url}/api/data/v9.2/`, control: `${url}/_control/` };
  }

  test('what was committed and not delivered is delivered after the next start', async () => {
    const prepared = await startService({ dataFolder: folder });
    await registerStep(prepared, { message: 'Create', url: receiver.url });
    await prepared.close();
    const first = await start();
    receiver.statuses.push(...Array<number>(20).fill(-1));
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const answer = await fetch(`${first.root}contacts`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{}',
      });
      ids.push(/\(([^)]+)\)/.exec(answer.headers.get('odata-entityid') ?? '')?.[1] ?? '');
    }
    const lost = once(first.child, 'exit');
    first.child.kill('SIGKILL');
    await lost;
    receiver.statuses.length = 0;
    receiver.deliveries.length = 0;
    const second = await start();
    const state = async () => (await fetch(`${second.control}status`)).json();
    await expect.poll(state, { timeout: 10_000 }).toMatchObject({ pendingDeliveries: 0 });
    const told = new Set(receiver.deliveries.map(({ context }) => context['PrimaryEntityId']));
    expect(ids.filter((id) => !told.has(id))).toEqual([]);
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
  });
});
