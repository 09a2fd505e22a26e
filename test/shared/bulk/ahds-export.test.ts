import { describe, expect, test } from 'vitest';
import { createBulkExport, type ExportRequest } from '../../../shared/bulk/index.ts';
import { failureOf, outcome, type ScriptedAnswer, scriptedService } from './scripted-service.ts';

const whole: ExportRequest = { history: false, deleted: false };

async function source(answer: ScriptedAnswer | 'tear') {
  const service = await scriptedService(() => answer);
  return { ...service, client: createBulkExport({ ...service, dialect: 'ahds' }) };
}

const accepted = { status: 202, headers: { 'content-location': '/_operations/export/17' } };

describe('$export: kick-off', () => {
  test('says what the server takes, and its exact headers', async () => {
    const { client, seen, url } = await source(accepted);
    const result = await client.kickOff({
      types: ['Patient', 'Encounter'],
      since: '2026-01-01T00:00:00.000Z',
      till: '2026-02-01T00:00:00.000Z',
      history: true,
      deleted: true,
      container: 'window-1',
      anonymizationConfig: 'safe.json',
      maxCount: 20_000,
      parallel: true,
    });
    expect(result).toEqual({ kind: 'started', statusUrl: `${url}/_operations/export/17` });
    expect(client.statusUrlOf('17')).toBe(`${url}/_operations/export/17`);
    const { method, headers, url: path } = seen[0]!;
    expect([method, headers['accept'], headers['prefer']]).toEqual([
      'GET',
      'application/fhir+json',
      'respond-async',
    ]);
    expect(Object.fromEntries(new URL(path, url).searchParams)).toEqual({
      _type: 'Patient,Encounter',
      _since: '2026-01-01T00:00:00.000Z',
      _till: '2026-02-01T00:00:00.000Z',
      includeAssociatedData: '_history,_deleted',
      _container: 'window-1',
      _anonymizationConfig: 'safe.json',
      _maxCount: '20000',
      _isParallel: 'true',
    });
  });

  test.each<[string, ScriptedAnswer | 'tear']>([
    ['a torn connection', 'tear'],
    ['success without Content-Location', { status: 202 }],
    ['502 of a gateway', { status: 502, body: '<html>CANARY</html>' }],
    ['504 of a gateway', { status: 504, body: '<html>CANARY</html>' }],
    ['503 without a word', { status: 503 }],
  ])('%s may hide a started job: it is asked once, and the end is unknown', async (_, answer) => {
    const { client, seen } = await source(answer);
    expect(await client.kickOff(whole)).toEqual({ kind: 'unknown' });
    expect(seen).toHaveLength(1);
  });

  test.each<[string, ScriptedAnswer, object]>([
    [
      '429',
      { status: 429, headers: { 'retry-after': '9' } },
      { code: 'REQUEST_THROTTLED', retryable: true, retryAfterSeconds: 9 },
    ],
    [
      '429 in milliseconds',
      { status: 429, headers: { 'x-ms-retry-after-ms': '1500' } },
      { retryAfterSeconds: 1.5 },
    ],
    [
      '400',
      { status: 400, body: outcome('invalid') },
      { code: 'FHIR_REFUSED', retryable: false, details: { status: 400, cause: 'invalid' } },
    ],
    [
      '403',
      { status: 403, body: outcome('forbidden') },
      { code: 'FHIR_REFUSED', retryable: false },
    ],
    ['401', { status: 401 }, { code: 'FHIR_UNAVAILABLE', retryable: true }],
    [
      '500 in the words of the service',
      { status: 500, body: outcome('exception') },
      { code: 'FHIR_UNAVAILABLE' },
    ],
    [
      'a redirect',
      { status: 307, headers: { location: 'https://elsewhere.example' } },
      { code: 'FHIR_REFUSED' },
    ],
  ])('%s says that nothing was started', async (_, answer, expected) => {
    const { client } = await source(answer);
    expect(await failureOf(client.kickOff(whole))).toMatchObject(expected);
  });

  test('a service that cannot be reached has started nothing', async () => {
    const { send } = await source(accepted);
    const url = 'http://127.0.0.1:9';
    const client = createBulkExport({ url, send: (request) => send(request), dialect: 'ahds' });
    expect((await failureOf(client.kickOff(whole))).code).toBe('URL_NOT_ALLOWED');
  });
});

describe('$export: status', () => {
  test('blobs are named with their counts', async () => {
    const { client, url } = await source({
      body: {
        transactionTime: '2026-02-01T00:00:00+00:00',
        request: 'x',
        requiresAccessToken: false,
        output: [
          {
            type: 'Patient',
            url: 'https://acct.blob.core.windows.net/c/Patient-1-1.ndjson',
            count: 10_000,
          },
        ],
        error: [],
        issues: [],
      },
    });
    expect(await client.status(`${url}/_operations/export/1`)).toEqual({
      kind: 'done',
      manifest: {
        transactionTime: '2026-02-01T00:00:00+00:00',
        requiresAccessToken: false,
        files: [
          {
            type: 'Patient',
            url: 'https://acct.blob.core.windows.net/c/Patient-1-1.ndjson',
            count: 10_000,
          },
        ],
        deleted: [],
        errors: [],
      },
    });
  });

  test.each<[string, ScriptedAnswer | 'tear', object]>([
    ['202', { status: 202 }, { kind: 'running' }],
    ['404', { status: 404, body: outcome('not-found') }, { kind: 'gone' }],
    ['a torn connection', 'tear', { kind: 'running', trouble: 'unavailable' }],
    [
      '500 of the poll',
      { status: 500, body: outcome('exception') },
      { kind: 'running', trouble: 'unavailable' },
    ],
    [
      '429 of the poll',
      { status: 429, body: outcome('throttled') },
      { kind: 'running', trouble: 'throttled' },
    ],
    [
      '429 of the job',
      { status: 429, body: outcome('exception', 'export operation failed for reason: CANARY') },
      { kind: 'failed', status: 429, cause: 'exception' },
    ],
    [
      '500 of the job',
      { status: 500, body: outcome('exception', 'export operation failed for reason: CANARY') },
      { kind: 'failed', status: 500, cause: 'exception' },
    ],
    [
      '403',
      { status: 403, body: outcome('forbidden') },
      { kind: 'failed', status: 403, cause: 'forbidden' },
    ],
  ])('%s', async (_, answer, expected) => {
    const { client, url } = await source(answer);
    expect(await client.status(`${url}/_operations/export/1`)).toEqual(expected);
  });

  test.each([
    ['no JSON', 'CANARY'],
    ['an outcome', outcome('exception')],
    [
      'a file without a URL',
      { transactionTime: '2026-02-01T00:00:00Z', output: [{ type: 'Patient' }] },
    ],
    ['a time that is none', { transactionTime: 'CANARY', output: [] }],
  ])('200 with %s is not believed', async (_, body) => {
    const { client, url } = await source({ body });
    expect(await failureOf(client.status(`${url}/_operations/export/1`))).toMatchObject({
      code: 'RESPONSE_UNREADABLE',
      retryable: true,
    });
  });

  test.each<[number, string]>([
    [202, 'cancelled'],
    [404, 'gone'],
    [409, 'ended'],
  ])('DELETE with %i is %s', async (status, expected) => {
    const { client, url } = await source({ status });
    expect(await client.cancel(`${url}/_operations/export/1`)).toBe(expected);
  });
});
