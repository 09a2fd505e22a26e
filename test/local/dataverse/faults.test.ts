import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDataverse } from '../../../local/dataverse/index.ts';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterEach(async () => {
  await service.control('DELETE', 'faults');
  await service.control('DELETE', 'clock');
});
afterAll(() => service.close());

const lastname = async (id: string) =>
  (await service.call('GET', `contacts(${id})?$select=lastname`)).json['lastname'];

describe('scripted faults', () => {
  test('an HTML page comes in place of JSON, with 502 unless another status is given', async () => {
    await service.control('POST', 'faults', [{ html: true }, { html: true, status: 503 }]);
    for (const status of [502, 503]) {
      const answer = await service.call('GET', 'contacts');
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(answer.text).toContain('<html>');
    }
    expect((await service.call('GET', 'contacts')).status).toBe(200);
  });

  test('an HTML page hides nothing that was not done', async () => {
    const id = randomUUID();
    await service.control('POST', 'faults', { method: 'PATCH', html: true });
    expect((await service.call('PATCH', `contacts(${id})`, {})).status).toBe(502);
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(404);
  });

  test('a stale read sees the row before its last write, alone and in a list', async () => {
    const id = await service.create('contacts', { lastname: 'Old' });
    await service.call('PATCH', `contacts(${id})`, { lastname: 'New' });
    await service.control('POST', 'faults', { method: 'GET', stale: true, times: 2 });
    expect(await lastname(id)).toBe('Old');
    const list = await service.call('GET', `contacts?$filter=contactid eq ${id}`);
    expect(list.json['value']).toMatchObject([{ lastname: 'Old' }]);
    expect(await lastname(id)).toBe('New');
  });

  test('a stale read carries the older etag, so a write with it is 412', async () => {
    const id = await service.create('contacts', { lastname: 'Old' });
    await service.call('PATCH', `contacts(${id})`, { lastname: 'New' });
    await service.control('POST', 'faults', { method: 'GET', stale: true });
    const { headers } = await service.call('GET', `contacts(${id})`);
    const etag = headers.get('etag') ?? '';
    const write = await service.call('PATCH', `contacts(${id})`, {}, { 'If-Match': etag });
    expect(write.status).toBe(412);
  });

  test('a row just created is not there yet for a stale read', async () => {
    const id = await service.create('contacts', { lastname: 'New' });
    await service.control('POST', 'faults', { method: 'GET', stale: true });
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(404);
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(200);
  });
});

describe('seeded faults', () => {
  const rates = { error503: 0.2, throttled: 0.1, error502html: 0.1, committed504: 0.1 };
  const run = async (seed: number) => {
    await service.control('DELETE', 'faults');
    await service.control('POST', 'faults', { seed, rates });
    const statuses = [];
    for (let count = 0; count < 40; count += 1) {
      statuses.push((await service.call('GET', 'contacts?$top=1')).status);
    }
    return statuses;
  };

  test('the same seed gives the same faults, another seed others', async () => {
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 429, 502, 503, 504]));
  });

  test('they last until they are ended, and are told in the status', async () => {
    await service.control('POST', 'faults', { seed: 1, rates: { error500: 1 } });
    expect((await service.control('GET', 'status')).json['seededFaults']).toBe(1);
    for (let count = 0; count < 3; count += 1) {
      expect((await service.call('GET', 'contacts')).status).toBe(500);
    }
    await service.control('DELETE', 'faults');
    expect((await service.call('GET', 'contacts')).status).toBe(200);
  });

  test('they strike only where they are meant to, parts of a batch too', async () => {
    const plan = { seed: 1, scope: 'part', method: 'PATCH', rates: { error503: 1 } };
    await service.control('POST', 'faults', plan);
    expect((await service.call('PATCH', `contacts(${randomUUID()})`, {})).status).toBe(204);
    const part = `--b\r\nContent-Type: application/http\r\n\r\nPATCH /api/data/v9.2/contacts(${randomUUID()}) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--\r\n`;
    const headers = { 'Content-Type': 'multipart/mixed; boundary=b' };
    expect((await service.call('POST', '$batch', part, headers)).text).toContain('HTTP/1.1 503');
  });

  test('torn connections are drawn too: before the commit no row, after it the row', async () => {
    for (const [rate, rows] of [
      ['tornBefore', 404],
      ['tornAfter', 200],
    ] as const) {
      const id = randomUUID();
      await service.control('POST', 'faults', { seed: 1, method: 'PATCH', rates: { [rate]: 1 } });
      await expect(service.call('PATCH', `contacts(${id})`, {})).rejects.toThrow();
      await service.control('DELETE', 'faults');
      expect((await service.call('GET', `contacts(${id})`)).status).toBe(rows);
    }
  });

  test('rates over 1 and unknown kinds are refused by name', async () => {
    const bad = await service.control('POST', 'faults', {
      seed: 1,
      rates: { error500: 0.6, error503: 0.6 },
    });
    expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('more than 1')]);
    expect((await service.control('POST', 'faults', { seed: 1, rates: { no: 1 } })).status).toBe(
      400,
    );
  });
});

describe('the clock', () => {
  test('a fixed clock is the time of rows and of the Date header', async () => {
    await service.control('POST', 'clock', { at: '2031-05-06T07:08:09Z' });
    const id = await service.create('contacts', { lastname: 'A' });
    const { json, headers } = await service.call('GET', `contacts(${id})`);
    expect(json['createdon']).toBe('2031-05-06T07:08:09Z');
    expect(headers.get('date')).toBe('Tue, 06 May 2031 07:08:09 GMT');
  });

  test('a skew moves it, and DELETE sets it right', async () => {
    const hours = async () => {
      const { headers } = await service.call('GET', 'contacts');
      return Math.round((Date.parse(headers.get('date') ?? '') - Date.now()) / 3_600_000) + 0;
    };
    await service.control('POST', 'clock', { skewMs: -2 * 3_600_000 });
    expect(await hours()).toBe(-2);
    await service.control('DELETE', 'clock');
    expect(await hours()).toBe(0);
  });

  test('a delta link expires by it', async () => {
    const headers = { Prefer: 'odata.track-changes' };
    const { json } = await service.call('GET', 'contacts?$select=lastname', undefined, headers);
    const link = String(json['@odata.deltaLink']).slice(service.root.length);
    expect((await service.call('GET', link)).status).toBe(200);
    await service.control('POST', 'clock', { skewMs: 8 * 24 * 3_600_000 });
    expect((await service.call('GET', link)).json).toMatchObject({ error: { code: '0x80044352' } });
  });

  test('a setting that is none is refused', async () => {
    expect((await service.control('POST', 'clock', { at: 'noon' })).status).toBe(400);
  });
});

test('faults and clock are there in process too', async () => {
  const running = await startDataverse();
  const status = async () => (await fetch(`${running.url}/api/data/v9.2/contacts`)).status;
  running.strike({ status: 503, path: '^contacts' }, { seed: 1, rates: { error500: 1 } });
  expect([await status(), await status()]).toEqual([503, 500]);
  running.calm();
  running.setClock({ at: '2031-05-06T07:08:09Z' });
  const answer = await fetch(`${running.url}/api/data/v9.2/contacts`);
  expect([answer.status, answer.headers.get('date')]).toEqual([
    200,
    expect.stringContaining('2031'),
  ]);
  expect(() => running.strike({ path: '(' })).toThrow(/regular expression/);
  await running.close();
});
