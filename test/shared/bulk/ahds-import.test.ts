import { describe, expect, test } from 'vitest';
import { createBulkImport } from '../../../shared/bulk/index.ts';
import { failureOf, outcome, type ScriptedAnswer, scriptedService } from './scripted-service.ts';

async function target(answer: ScriptedAnswer | 'tear') {
  const service = await scriptedService(() => answer);
  return { ...service, client: createBulkImport(service) };
}

const file = (name: string) => `https://acct.blob.core.windows.net/c/${name}`;

describe('$import', () => {
  test('the Parameters hold each file once, etags without quotes', async () => {
    const { client, seen, url } = await target({
      status: 202,
      headers: { 'content-location': `/_operations/import/4` },
    });
    const result = await client.kickOff({
      files: [{ type: 'Patient', url: file('1'), etag: '"0x8D"' }, { url: file('2') }],
      unitBytes: 20_000_000,
      allowNegativeVersions: false,
      errorContainer: 'import-errors',
    });
    expect(result).toEqual({ kind: 'started', statusUrl: `${url}/_operations/import/4` });
    expect(seen[0]?.headers['prefer']).toBe('respond-async');
    expect(JSON.parse(seen[0]?.body ?? '').parameter).toEqual([
      { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
      { name: 'mode', valueString: 'IncrementalLoad' },
      { name: 'allowNegativeVersions', valueBoolean: false },
      { name: 'processingUnitBytesToRead', valueInteger: 20_000_000 },
      { name: 'errorContainerName', valueString: 'import-errors' },
      {
        name: 'input',
        part: [
          { name: 'type', valueString: 'Patient' },
          { name: 'url', valueUri: file('1') },
          { name: 'etag', valueUri: '0x8D' },
        ],
      },
      { name: 'input', part: [{ name: 'url', valueUri: file('2') }] },
    ]);
  });

  test.each([
    ['no file', []],
    ['a URL twice', [{ url: file('1') }, { url: file('1') }]],
    ['an access signature', [{ url: `${file('1')}?sig=x` }]],
    ['a relative URL', [{ url: 'c/1' }]],
    ['search parameters', [{ type: 'SearchParameter', url: file('1') }]],
  ])('%s is refused before it is sent', async (_, files) => {
    const { client, seen } = await target({ status: 202 });
    expect((await failureOf(client.kickOff({ files }))).code).toBe('INPUT_INVALID');
    expect(seen).toEqual([]);
  });

  const body = {
    transactionTime: '2026-02-01T00:00:00+00:00',
    request: 'x',
    output: [{ type: 'Patient', count: 9949, inputUrl: file('1') }],
    error: [{ type: null, count: 51, inputUrl: file('1'), url: file('log') }],
  };
  const counts = {
    outputs: [{ type: 'Patient', url: file('1'), count: 9949 }],
    errors: [{ url: file('1'), count: 51, errorUrl: file('log') }],
  };

  test.each<[string, ScriptedAnswer | 'tear', object]>([
    ['registering', { status: 202 }, { kind: 'running', outputs: [], errors: [] }],
    ['running with counts', { status: 202, body }, { kind: 'running', ...counts }],
    [
      'a body cut short while it runs',
      { status: 202, body: { output: [{ CANARY: 1 }] } },
      { kind: 'running', outputs: [], errors: [], trouble: 'unreadable' },
    ],
    ['done', { status: 200, body }, { kind: 'done', ...counts }],
    [
      'cancelled',
      { status: 400, body: outcome('exception', 'User requested cancellation of operation.') },
      { kind: 'cancelled' },
    ],
    ['unknown', { status: 404 }, { kind: 'gone' }],
    [
      'a unit that failed',
      {
        status: 400,
        body: outcome(
          'exception',
          `import operation failed for reason: CANARY ErrorFile: ${file('1')}`,
        ),
      },
      { kind: 'failed', status: 400, inputUrl: file('1') },
    ],
    [
      'a unit that failed for a masked reason',
      {
        status: 500,
        body: outcome(
          'exception',
          `import operation failed for reason: InternalServerError ErrorFile: ${file('1')}`,
        ),
      },
      { kind: 'failed', status: 500, inputUrl: file('1') },
    ],
    [
      '401 while polling',
      { status: 401 },
      { kind: 'running', outputs: [], errors: [], trouble: 'not-signed-in' },
    ],
    [
      'an HTML page',
      { status: 502, body: '<html>CANARY' },
      { kind: 'running', outputs: [], errors: [], trouble: 'unavailable' },
    ],
  ])('%s', async (_, answer, expected) => {
    const { client, url } = await target(answer);
    const status = await client.status(`${url}/_operations/import/4`);
    expect(status).toEqual(expected);
    expect(JSON.stringify(status)).not.toContain('CANARY');
  });

  test('a final result that cannot be read is an error that names the place', async () => {
    const { client, url } = await target({
      body: { ...body, output: [{ type: 'Patient', count: -1, inputUrl: file('1') }] },
    });
    expect(await failureOf(client.status(`${url}/_operations/import/4`))).toMatchObject({
      code: 'RESPONSE_UNREADABLE',
      details: { place: 'output.0.count' },
    });
  });
});
