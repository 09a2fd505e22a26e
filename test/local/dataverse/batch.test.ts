import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

interface Part {
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentId?: string;
}

function writePart({ request, body, headers = {}, contentId }: Part): string {
  const id = contentId === undefined ? '' : `Content-ID: ${contentId}\r\n`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const content = body === undefined ? '\r\n' : JSON.stringify(body);
  return `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${id}\r\n${request} HTTP/1.1\r\nContent-Type: application/json\r\n${lines.join('')}\r\n${content}`;
}

function multipart(boundary: string, parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}

function changeSet(parts: readonly Part[]): string {
  return `Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n${multipart('changeset_1', parts.map(writePart))}`;
}

function send(items: readonly (Part | string)[], continuesOnError = false): Promise<Answer> {
  const parts = items.map((item) => (typeof item === 'string' ? item : writePart(item)));
  return service.call('POST', '$batch', multipart('batch_1', parts), {
    'Content-Type': 'multipart/mixed; boundary="batch_1"',
    ...(continuesOnError ? { Prefer: 'odata.continue-on-error' } : {}),
  });
}

function statuses(answer: Answer): readonly number[] {
  return [...answer.text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
}

const contact = (id: string) => `/api/data/v9.2/contacts(${id})`;

describe('A4: $batch', () => {
  test('parts are answered in order, with CRLF and a batchresponse boundary', async () => {
    const id = randomUUID();
    const answer = await send([
      { request: `PATCH ${contact(id)}`, body: { lastname: 'Ünï' } },
      { request: `GET ${service.root}contacts(${id})?$select=lastname` },
      { request: 'GET contacts?$top=0' },
    ]);
    expect([answer.status, statuses(answer)]).toEqual([200, [204, 200, 200]]);
    const boundary = /boundary=(batchresponse_[0-9a-f-]{36})$/.exec(
      answer.headers.get('content-type') ?? '',
    )?.[1];
    expect(answer.text.startsWith(`--${boundary}\r\n`)).toBe(true);
    expect(answer.text.endsWith(`--${boundary}--\r\n`)).toBe(true);
    expect(answer.text.replaceAll('\r\n', '')).not.toContain('\n');
    expect(answer.text).toContain('"lastname":"Ünï"');
  });

  test('it stops at the first failure and takes its status; what went before stays', async () => {
    const [first, third] = [randomUUID(), randomUUID()];
    const answer = await send([
      { request: `PATCH ${contact(first)}`, body: { lastname: 'A' } },
      { request: `PATCH ${contact(randomUUID())}`, body: { nosuch: 1 } },
      { request: `PATCH ${contact(third)}`, body: { lastname: 'C' } },
    ]);
    expect([answer.status, statuses(answer)]).toEqual([400, [204, 400]]);
    expect(answer.text).toMatch(/REQ_ID: /);
    expect((await service.call('GET', `contacts(${first})`)).status).toBe(200);
    expect((await service.call('GET', `contacts(${third})`)).status).toBe(404);
  });

  test('with odata.continue-on-error all parts are answered under an outer 200', async () => {
    const answer = await send(
      [
        { request: `GET ${contact(randomUUID())}` },
        { request: `PATCH ${contact(randomUUID())}`, body: { lastname: 'B' } },
      ],
      true,
    );
    expect([answer.status, statuses(answer)]).toEqual([200, [404, 204]]);
  });

  test('a change set is atomic, and its failure is one plain part', async () => {
    const id = randomUUID();
    const failing = changeSet([
      { request: `PATCH ${contact(id)}`, body: { lastname: 'A' }, contentId: '1' },
      { request: `PATCH ${contact(randomUUID())}`, body: { nosuch: 1 }, contentId: '2' },
    ]);
    const answer = await send([failing, { request: 'GET contacts?$top=0' }], true);
    expect([answer.status, statuses(answer)]).toEqual([200, [400, 200]]);
    expect(answer.text).not.toContain('changesetresponse_');
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(404);
  });

  test('Content-ID is echoed and $n is usable as URL and as value', async () => {
    const answer = await send([
      changeSet([
        { request: 'POST /api/data/v9.2/contacts', body: { lastname: 'Parent' }, contentId: '1' },
        { request: 'PATCH $1', body: { firstname: 'Changed' }, contentId: '2' },
        {
          request: 'POST /api/data/v9.2/new_things',
          body: { new_name: 'child of 1', 'new_Parent@odata.bind': '$1' },
          contentId: '3',
        },
      ]),
    ]);
    expect([answer.status, statuses(answer)]).toEqual([200, [204, 204, 204]]);
    expect(answer.text).toMatch(/changesetresponse_/);
    expect([...answer.text.matchAll(/Content-ID: (\d)/g)].map((match) => match[1])).toEqual([
      '1',
      '2',
      '3',
    ]);
    expect(answer.text).toMatch(/Location: .*\r\nOData-EntityId: /);
    const { json } = await service.call(
      'GET',
      "new_things(new_name='child of 1')?$expand=new_Parent($select=fullname)",
    );
    expect(json['new_Parent']).toMatchObject({ fullname: 'Changed Parent' });
  });

  test('a forward reference is 400 and names it', async () => {
    const answer = await send([
      changeSet([
        {
          request: 'POST /api/data/v9.2/new_things',
          body: { 'new_Parent@odata.bind': '$2' },
          contentId: '1',
        },
        { request: 'POST /api/data/v9.2/contacts', body: {}, contentId: '2' },
      ]),
    ]);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("'$2'");
  });

  test('1000 requests are taken, 1001 are refused', async () => {
    const parts = Array.from({ length: 1000 }, () => ({ request: 'GET contacts?$top=0' }));
    expect((await send(parts)).status).toBe(200);
    expect((await send([...parts, { request: 'GET contacts?$top=0' }])).status).toBe(400);
  });

  test.each([
    ['without a boundary', 'multipart/mixed', ''],
    [
      'without its end',
      'multipart/mixed; boundary=b',
      '--b\r\nContent-Type: application/http\r\n\r\nGET x HTTP/1.1\r\n',
    ],
    [
      'with a part that is no request',
      'multipart/mixed; boundary=b',
      '--b\r\nContent-Type: application/http\r\n\r\nhello\r\n--b--\r\n',
    ],
  ])('a batch %s is 400', async (_, type, body) => {
    const { status } = await service.call('POST', '$batch', body, { 'Content-Type': type });
    expect(status).toBe(400);
  });

  test('a part that is refused leaves nothing behind, whatever refuses it', async () => {
    const taken = await service.create('contacts', { msemr_azurefhirid: 'taken' });
    const [first, second] = [randomUUID(), randomUUID()];
    const answer = await send(
      [
        { request: `PATCH ${contact(first)}`, body: { msemr_azurefhirid: 'TAKEN' } },
        {
          request: `PATCH ${contact(second)}?$select=nosuch`,
          body: { lastname: 'B' },
          headers: { Prefer: 'return=representation' },
        },
        { request: 'POST contacts', body: { contactid: taken, lastname: 'C' } },
      ],
      true,
    );
    expect(statuses(answer)).toEqual([412, 400, 412]);
    for (const id of [first, second]) {
      expect((await service.call('GET', `contacts(${id})`)).status).toBe(404);
    }
    const { json } = await service.call('GET', `contacts(${taken})?$select=lastname`);
    expect(json['lastname']).toBeNull();
  });

  test('boundaries may begin alike, and lines may end in LF only', async () => {
    const part = (id: string) =>
      `Content-Type: application/http\n\nPATCH contacts(${id}) HTTP/1.1\nContent-Type: application/json\n\n{"lastname":"--b"}`;
    const [first, second] = [randomUUID(), randomUUID()];
    const inner = `--b_cs\n${part(first)}\n--b_cs--\n`;
    const body = `--b\nContent-Type: multipart/mixed; boundary=b_cs\n\n${inner}\n--b\n${part(second)}\n--b--\n`;
    const headers = { 'Content-Type': 'multipart/mixed; boundary=b' };
    const answer = await service.call('POST', '%24batch', body, headers);
    expect([answer.status, statuses(answer)]).toEqual([200, [204, 204]]);
    expect((await service.call('GET', `contacts(${first})`)).json['lastname']).toBe('--b');
  });

  test('a part keeps its own conditional headers', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const headers = { 'If-None-Match': '*' };
    const answer = await send([{ request: `PATCH ${contact(id)}`, body: {}, headers }], true);
    expect(statuses(answer)).toEqual([412]);
  });
});
