import { describe, expect, test } from 'vitest';
import {
  batchResponse,
  entriesOf,
  failureOf,
  outcome,
  patient,
  script,
} from './scripted-server.ts';

const operations = [
  { op: 'add', path: '/identifier/-', value: { system: 'urn:oid:x', value: 'é-1' } },
] as const;
const patchOf = (id: string, versionId = '1') => ({
  reference: { resourceType: 'Patient', id },
  versionId,
  operations,
});

test('a single patch goes as PATCH with If-Match', async () => {
  const { client, seen } = await script(() => ({ headers: { etag: 'W/"2"' } }));
  expect(await client.patch([patchOf('p1')])).toEqual([{ kind: 'patched', versionId: '2' }]);
  expect(seen).toMatchObject([
    {
      method: 'PATCH',
      path: '/Patient/p1',
      headers: { 'if-match': 'W/"1"', 'content-type': 'application/json-patch+json' },
    },
  ]);
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual(operations);
});

test('several patches go as one batch, each with its own version', async () => {
  const { client, seen } = await script(() =>
    batchResponse([
      { response: { status: '200', etag: 'W/"2"' } },
      { response: { status: '200', etag: 'W/"8"' } },
    ]),
  );
  expect(await client.patch([patchOf('p1', '1'), patchOf('p2', '7')])).toEqual([
    { kind: 'patched', versionId: '2' },
    { kind: 'patched', versionId: '8' },
  ]);
  expect(seen).toHaveLength(1);
  const entries = entriesOf(seen[0]!);
  expect(entries.map(({ request }) => request)).toEqual([
    { method: 'PATCH', url: 'Patient/p1', ifMatch: 'W/"1"' },
    { method: 'PATCH', url: 'Patient/p2', ifMatch: 'W/"7"' },
  ]);
  expect(entries[0]?.resource).toMatchObject({
    resourceType: 'Binary',
    contentType: 'application/json-patch+json',
  });
  const sent = Buffer.from(String(entries[0]?.resource?.['data']), 'base64').toString();
  expect(JSON.parse(sent)).toEqual(operations);
});

describe('each status has its ending, the same in a batch and alone', () => {
  test.each<[string, number, { etag?: string; body?: unknown }, Record<string, unknown>]>([
    ['a new version in the ETag', 200, { etag: 'W/"2"' }, { kind: 'patched', versionId: '2' }],
    ['a strong ETag', 200, { etag: '"2"' }, { kind: 'patched', versionId: '2' }],
    [
      'a new version in the body',
      200,
      { body: patient('p2', '5') },
      { kind: 'patched', versionId: '5' },
    ],
    ['success without any version', 200, {}, { kind: 'failed' }],
    [
      'success for another resource',
      200,
      { body: patient('other', '5'), etag: 'W/"5"' },
      { kind: 'failed' },
    ],
    ['success with an ETag that is none', 200, { etag: 'two' }, { kind: 'failed' }],
    ['precondition failed', 412, { body: outcome('conflict') }, { kind: 'changed' }],
    ['conflict', 409, {}, { kind: 'changed' }],
    ['deleted', 410, {}, { kind: 'gone' }],
    ['not there', 404, {}, { kind: 'gone' }],
    [
      'invalid',
      422,
      { body: outcome('invariant') },
      { kind: 'refused', status: 422, issue: 'invariant' },
    ],
    [
      'refused with a code of its own',
      400,
      { body: outcome('Jane Doe') },
      { kind: 'refused', status: 400, issue: 'unknown' },
    ],
    [
      'refused in HTML',
      405,
      { body: '<html>CANARY</html>' },
      { kind: 'refused', status: 405, issue: 'unknown' },
    ],
    ['an internal error', 500, {}, { kind: 'failed' }],
  ])('%s', async (_, status, { etag, body }, ending) => {
    const { client } = await script((request) =>
      request.method === 'PATCH'
        ? { status, headers: etag === undefined ? {} : { etag }, body }
        : batchResponse([
            { response: { status: '200', etag: 'W/"2"' } },
            {
              resource: status < 300 ? body : undefined,
              response: { status: String(status), etag, outcome: status < 300 ? undefined : body },
            },
          ]),
    );
    const [alone] = await client.patch([patchOf('p2')]);
    const [, batched] = await client.patch([patchOf('p1'), patchOf('p2')]);
    expect(alone).toEqual(ending);
    expect(batched).toEqual(ending);
  });
});

test('429 and 503 in an entry fail that entry alone', async () => {
  const { client } = await script(() =>
    batchResponse([
      { response: { status: '429' } },
      { response: { status: '200', etag: 'W/"2"' } },
      { response: { status: '503' } },
    ]),
  );
  const results = await client.patch([patchOf('p1'), patchOf('p2'), patchOf('p3')]);
  expect(results.map(({ kind }) => kind)).toEqual(['failed', 'patched', 'failed']);
});

test('a second patch of one resource is not sent: its version is already gone', async () => {
  const { client, seen } = await script(() => ({ headers: { etag: 'W/"2"' } }));
  expect(await client.patch([patchOf('p1'), patchOf('p1')])).toEqual([
    { kind: 'patched', versionId: '2' },
    { kind: 'changed' },
  ]);
  expect(seen).toHaveLength(1);
});

test('a whole call that is throttled is thrown, with the time to wait', async () => {
  const { client } = await script(() => ({ status: 429, headers: { 'retry-after': '9' } }));
  const error = await failureOf(client.patch([patchOf('p1'), patchOf('p2')]));
  expect(error).toMatchObject({ code: 'FHIR_UNAVAILABLE', retryable: true, retryAfterSeconds: 9 });
});

test('no value of a patch reaches an error', async () => {
  const { client } = await script(() => ({ status: 403, body: outcome('forbidden') }));
  const error = await failureOf(client.patch([patchOf('p1')]));
  expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/CANARY|é-1/);
});
