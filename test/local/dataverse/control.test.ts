import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

const batchOf = (ids: readonly string[]) =>
  service.call(
    'POST',
    '$batch',
    `${ids.map((id) => `--b\r\nContent-Type: application/http\r\n\r\nPATCH /api/data/v9.2/contacts(${id}) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"lastname":"A"}\r\n`).join('')}--b--\r\n`,
    { 'Content-Type': 'multipart/mixed; boundary=b', Prefer: 'odata.continue-on-error' },
  );
const exists = async (id: string) => (await service.call('GET', `contacts(${id})`)).status === 200;

describe('status and writes', () => {
  test('status counts rows per table and calls by agent product and kind', async () => {
    await service.create('contacts', { lastname: 'A' });
    await service.call('GET', 'contacts', undefined, { 'User-Agent': 'other/2 (x)' });
    await batchOf([randomUUID()]);
    const { json } = await service.control('GET', 'status');
    expect(json).toMatchObject({
      idle: true,
      rows: { contact: 2 },
      calls: { suite: 2, other: 1 },
      callsByKind: { suite: { create: 1, batch: 1 }, other: { query: 1 } },
    });
    expect(Object.keys(json['rows'] ?? {})).toEqual(['contact']);
  });

  test('every committed write is recorded once, in order, with its columns and no values', async () => {
    const id = await service.create('contacts', { lastname: 'Secret', gendercode: 1 });
    await service.call('PATCH', `contacts(${id})`, { firstname: 'Secret' });
    await service.call('PATCH', `contacts(${id})`, { nosuch: 1 });
    await service.call('DELETE', `contacts(${id})`);
    const { json, text } = await service.control('GET', 'writes?since=0');
    expect(json['writes']).toMatchObject([
      { table: 'contact', id, kind: 'create', columns: ['lastname', 'gendercode'], agent: 'suite' },
      { kind: 'update', columns: ['firstname'] },
      { kind: 'delete', columns: [] },
    ]);
    expect(text).not.toContain('Secret');
    const later = await service.control('GET', `writes?since=${json['next']}`);
    expect(later.json).toMatchObject({ writes: [], next: json['next'] });
  });

  test('an unknown control endpoint and a bad rule are refused with a reason', async () => {
    expect((await service.control('GET', 'nope')).status).toBe(404);
    const bad = await service.control('POST', 'faults', { path: '(' });
    expect(bad.status).toBe(400);
    expect(bad.text).toContain('regular expression');
  });
});

describe('scripted faults', () => {
  test('a rule answers the given status so many times, then the service works again', async () => {
    await service.control('POST', 'faults', {
      method: 'GET',
      path: '^contacts',
      times: 2,
      status: 503,
      headers: { 'Retry-After': '7' },
      body: { error: { code: '', message: 'down' } },
    });
    const answers = [];
    for (let count = 0; count < 3; count += 1) {
      answers.push(await service.call('GET', 'contacts'));
    }
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 200]);
    expect(answers[0]?.headers.get('retry-after')).toBe('7');
    expect(answers[0]?.json).toEqual({ error: { code: '', message: 'down' } });
  });

  test('torn before commit leaves no row, torn after commit leaves it', async () => {
    for (const torn of ['before', 'after']) {
      const id = randomUUID();
      await service.control('POST', 'faults', { method: 'PATCH', torn });
      await expect(service.call('PATCH', `contacts(${id})`, {})).rejects.toThrow();
      expect(await exists(id)).toBe(torn === 'after');
    }
  });

  test('a committed rule does the work and hides the answer', async () => {
    const id = randomUUID();
    await service.control('POST', 'faults', { status: 504, committed: true });
    expect((await service.call('PATCH', `contacts(${id})`, {})).status).toBe(504);
    expect(await exists(id)).toBe(true);
  });

  test('a part of a batch can fail alone', async () => {
    const [first = '', second = ''] = [randomUUID(), randomUUID()];
    await service.control('POST', 'faults', { scope: 'part', path: second, status: 429 });
    const answer = await batchOf([first, second]);
    expect(answer.text).toContain('HTTP/1.1 429');
    expect([answer.status, await exists(first), await exists(second)]).toEqual([200, true, false]);
  });

  test('a batch torn at a part keeps what ran before it', async () => {
    const [first = '', second = ''] = [randomUUID(), randomUUID()];
    await service.control('POST', 'faults', { scope: 'part', path: second, torn: 'before' });
    await expect(batchOf([first, second])).rejects.toThrow();
    expect([await exists(first), await exists(second)]).toEqual([true, false]);
  });

  test('a rule with a header that HTTP cannot carry does not end the stand-in', async () => {
    await service.control('POST', 'faults', { status: 500, headers: { 'X-Bad': 'a\nb' } });
    await expect(service.call('GET', 'contacts')).rejects.toThrow();
    expect((await service.call('GET', 'contacts')).status).toBe(200);
  });

  test('DELETE clears the rules', async () => {
    await service.control('POST', 'faults', { status: 500, times: 100 });
    expect((await service.control('DELETE', 'faults')).status).toBe(204);
    expect((await service.call('GET', 'contacts')).status).toBe(200);
  });
});

describe('A6: service protection', () => {
  const expectLimit = async (limits: object, code: string) => {
    await service.control('POST', 'protection', limits);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => service.call('GET', 'contacts?$top=1')),
    );
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, json } of refused) {
      expect(json).toMatchObject({ error: { code } });
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
  };

  test('too many requests are 429 0x80072322', () => expectLimit({ requests: 3 }, '0x80072322'));

  test('too much execution time is 429 0x80072321', async () => {
    await service.control('POST', 'faults', { delayMs: 60 });
    await service.control('POST', 'protection', { executionMs: 50 });
    await service.call('GET', 'contacts');
    await expectLimit({ executionMs: 50 }, '0x80072321');
  });

  test('too many at once are 429 0x80072326', async () => {
    await service.control('POST', 'faults', { delayMs: 200, times: 6 });
    await expectLimit({ concurrency: 2 }, '0x80072326');
  });

  test('it is off by default and can be switched off again', async () => {
    await service.control('POST', 'protection', { requests: 1 });
    await service.call('GET', 'contacts');
    expect((await service.call('GET', 'contacts')).status).toBe(429);
    await service.control('DELETE', 'protection');
    const answer = await service.call('GET', 'contacts');
    expect([answer.status, answer.headers.get('x-ms-dop-hint')]).toEqual([200, '8']);
  });
});

test('with requireToken a call without Authorization is 401', async () => {
  const guarded = await startService({ requireToken: true });
  expect((await guarded.call('GET', 'contacts')).status).toBe(401);
  const headers = { Authorization: 'Bearer x' };
  expect((await guarded.call('GET', 'contacts', undefined, headers)).status).toBe(200);
  await guarded.close();
});
