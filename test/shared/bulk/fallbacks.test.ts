import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningFhir, startFhir } from '../../../local/fhir/index.ts';
import {
  type BundleWrite,
  createBundleImport,
  createSearchExport,
  type SearchExportPage,
} from '../../../shared/bulk/index.ts';
import { createHttp, type HttpSend } from '../../../shared/http/index.ts';
import { failureOf, scriptedService } from './scripted-service.ts';

/** The stand-ins for $export and $import, against the local FHIR service. */
let service: RunningFhir;
let send: HttpSend;
beforeAll(async () => {
  service = await startFhir({ port: 0 });
  send = createHttp({ allowedOrigins: [service.url], userAgent: 'test/1' });
});
afterAll(() => service.close());

const put = (resourceType: string, id: string, elements = ''): BundleWrite => ({
  kind: 'put',
  resourceType,
  id,
  json: `{"resourceType":"${resourceType}","id":"${id}"${elements}}`,
});

async function exportOf(request: {
  types: string[];
  history: boolean;
  since?: string;
  till?: string;
}) {
  const source = createSearchExport({ url: service.url, send });
  const pages: SearchExportPage[] = [];
  for await (const page of source.pages({ ...request, pageSize: 10 })) pages.push(page);
  const text = Buffer.concat(pages.map(({ ndjson }) => ndjson)).toString();
  const lines = text.split('\n').filter((line) => line !== '');
  expect(lines).toHaveLength(pages.reduce((sum, { count }) => sum + count, 0));
  return { pages, lines, deletes: pages.flatMap(({ deletes }) => deletes) };
}

describe('bundles in place of $import', () => {
  test('each write has its ending, in order', async () => {
    const target = createBundleImport({ url: service.url, send, batchSize: 3 });
    const first = await target.load([
      put('Patient', 'w1'),
      put('Patient', 'w2'),
      put('Patient', 'w3'),
      put('Patient', 'w4'),
    ]);
    expect(first.map(({ kind }) => kind)).toEqual(['created', 'created', 'created', 'created']);
    const results = await target.load([
      put('Patient', 'w1', ',"active":true'),
      { kind: 'delete', resourceType: 'Patient', id: 'w2' },
      { ...put('Patient', 'w3'), ifVersion: '7' } as BundleWrite,
      put('Patient', 'w4', ',"birthDate":"CANARY"'),
      put('Patient', 'w5'),
    ]);
    expect(results).toMatchObject([
      { kind: 'updated' },
      { kind: 'deleted' },
      { kind: 'conflict' },
      { kind: 'refused' },
      { kind: 'created', versionId: '1' },
    ]);
    expect(JSON.stringify(results)).not.toContain('CANARY');
  });

  test('several writes of one resource go in their order', async () => {
    const target = createBundleImport({ url: service.url, send });
    const writes = [1, 2, 3, 4].map((n) =>
      put('Patient', 'ordered', `,"identifier":[{"value":"${n}"}]`),
    );
    const results = await target.load(writes);
    expect(
      results.map((result) =>
        result.kind === 'created' || result.kind === 'updated' ? result.versionId : result.kind,
      ),
    ).toEqual(['1', '2', '3', '4']);
  });

  test('a transaction that is refused is halved down to the entry at fault', async () => {
    const target = createBundleImport({ url: service.url, send, bundle: 'transaction' });
    const writes = Array.from({ length: 9 }, (_, n) =>
      put('Patient', `t${n}`, n === 6 ? ',"birthDate":"CANARY"' : ''),
    );
    const kinds = (await target.load(writes)).map(({ kind }) => kind);
    expect(kinds).toEqual(writes.map((_, n) => (n === 6 ? 'refused' : 'created')));
  });

  test('429 and torn connections leave the writes to a later try', async () => {
    const busy = await scriptedService(({ body }) =>
      body.includes('Patient/a') ? { status: 429 } : 'tear',
    );
    const target = createBundleImport({ ...busy, batchSize: 1, concurrency: 1 });
    const results = await target.load([put('Patient', 'a'), put('Patient', 'b')]);
    expect(results).toEqual([
      { kind: 'later', status: 429 },
      { kind: 'later', status: 0 },
    ]);
  });

  test('a service that takes no bundles is said so at once', async () => {
    const other = await scriptedService(() => ({ status: 405 }));
    const target = createBundleImport(other);
    expect(await failureOf(target.load([put('Patient', 'a'), put('Patient', 'b')]))).toMatchObject({
      code: 'FHIR_REFUSED',
    });
    expect(other.seen).toHaveLength(1);
  });
});

describe('search in place of $export', () => {
  test('every resource of the types comes once, page by page, its decimals as they were', async () => {
    const target = createBundleImport({ url: service.url, send });
    const writes = Array.from({ length: 34 }, (_, n) =>
      put('Location', `l${n}`, ',"position":{"longitude":1.50,"latitude":0.0000001000}'),
    );
    await target.load([...writes, put('Organization', 'o1')]);
    const { lines, pages } = await exportOf({
      types: ['Location', 'Organization'],
      history: false,
    });
    expect(pages.length).toBeGreaterThan(4);
    expect(lines.map((line) => JSON.parse(line).id).sort()).toEqual(
      [...writes.map(({ id }) => id), 'o1'].sort(),
    );
    const [location = ''] = lines;
    expect(location).toContain('1.50');
    expect(location).toContain('0.0000001000');
  });

  test('a run goes on from the cursor of any page', async () => {
    const source = createSearchExport({ url: service.url, send });
    const request = { types: ['Location', 'Organization'], history: false, pageSize: 10 };
    const whole = await exportOf(request);
    const first = await source.page(request);
    const rest: string[] = [];
    for await (const { ndjson } of source.pages(request, first.next)) rest.push(ndjson.toString());
    expect(first.ndjson.toString() + rest.join('')).toBe(`${whole.lines.join('\n')}\n`);
  });

  test('a window takes what changed in it', async () => {
    const { lines } = await exportOf({ types: ['Location'], history: false });
    const times = lines.map((line) => JSON.parse(line).meta.lastUpdated).sort();
    const since = times[0];
    const till = new Date(Date.parse(times.at(-1)) + 1).toISOString();
    expect(
      (await exportOf({ types: ['Location'], history: false, since, till })).lines,
    ).toHaveLength(34);
    expect(
      (await exportOf({ types: ['Location'], history: false, till: since })).lines,
    ).toHaveLength(0);
    expect(
      (await exportOf({ types: ['Location'], history: true, till: since })).lines,
    ).toHaveLength(0);
  });

  test('history brings every version, and deletes with theirs', async () => {
    const target = createBundleImport({ url: service.url, send });
    await target.load([
      put('Group', 'g', ',"type":"person","actual":true'),
      put('Group', 'g', ',"type":"animal","actual":true'),
      { kind: 'delete', resourceType: 'Group', id: 'g' },
    ]);
    const { lines, deletes } = await exportOf({ types: ['Group'], history: true });
    expect(lines.map((line) => JSON.parse(line).meta.versionId).sort()).toEqual(['1', '2']);
    expect(deletes).toEqual([
      { resourceType: 'Group', id: 'g', versionId: '3', at: expect.any(String) },
    ]);
  });

  test.each([
    ['https://elsewhere.example/next', 'URL_NOT_ALLOWED'],
    ['/outside', 'URL_NOT_ALLOWED'],
  ])('a next link to %s is refused', async (url, code) => {
    const other = await scriptedService(() => ({
      body: { resourceType: 'Bundle', link: [{ relation: 'next', url }] },
    }));
    const source = createSearchExport({ url: `${other.url}/fhir`, send: other.send });
    expect((await failureOf(source.page({ types: ['Patient'], history: false }))).code).toBe(code);
  });

  test('a bundle printed over many lines comes as one line each', async () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p',
      text: { div: '<div>a  b\\n "c" </div>' },
      empty: [],
      none: {},
    };
    const body = JSON.stringify(
      { resourceType: 'Bundle', entry: [{ resource: patient }, { resource: patient }] },
      null,
      '\t',
    );
    const other = await scriptedService(() => ({ body }));
    const page = await createSearchExport(other).page({ types: ['Patient'], history: false });
    expect(page.ndjson.toString()).toBe(`${JSON.stringify(patient)}\n`.repeat(2));
  });

  test.each([
    ['no Bundle', { resourceType: 'CANARY' }],
    ['no JSON', '{"resourceType":"Bundle","entry":[CANARY]}'],
    ['an entry without resource', { resourceType: 'Bundle', entry: [{ fullUrl: 'CANARY' }] }],
    ['an entry that is no object', { resourceType: 'Bundle', entry: ['CANARY'] }],
    ['a resource that is none', { resourceType: 'Bundle', entry: [{ resource: 'CANARY' }] }],
    [
      'a delete of nothing',
      { resourceType: 'Bundle', entry: [{ request: { method: 'DELETE', url: 'CANARY' } }] },
    ],
  ])('%s is an error, not an end', async (_, body) => {
    const other = await scriptedService(() => ({ body }));
    const source = createSearchExport(other);
    expect((await failureOf(source.page({ types: ['Patient'], history: false }))).code).toBe(
      'RESPONSE_UNREADABLE',
    );
  });

  test('a cursor of another origin is refused', async () => {
    const source = createSearchExport({ url: service.url, send });
    const request = { types: ['Patient'], history: false };
    const foreign = JSON.stringify({ type: 0, url: 'https://elsewhere.example/Patient' });
    expect((await failureOf(source.page(request, foreign))).code).toBe('URL_NOT_ALLOWED');
    expect((await failureOf(source.page(request, 'CANARY'))).code).toBe('INPUT_INVALID');
  });
});
