import { describe, expect, test } from 'vitest';
import {
  batchResponse,
  entriesOf,
  failureOf,
  outcome,
  patient,
  script,
} from './scripted-server.ts';

const reference = (id: string) => ({ resourceType: 'Patient', id });
const references = (count: number) =>
  Array.from({ length: count }, (_, index) => reference(`p${index}`));

/** Answers each entry of a batch, and each plain read, by the id that it asks for. */
function byId(answers: Record<string, { status: string; resource?: unknown; outcome?: unknown }>) {
  return (request: Parameters<typeof entriesOf>[0]) => {
    if (request.method === 'GET') {
      const { status, ...rest } = answers[request.path.split('/')[2] ?? ''] ?? { status: '404' };
      return { status: Number.parseInt(status, 10), body: rest.resource ?? rest.outcome ?? '' };
    }
    return batchResponse(
      entriesOf(request).map((entry) => {
        const {
          status,
          resource,
          outcome: failure,
        } = answers[entry.request.url.split('/')[1] ?? ''] ?? { status: '404' };
        return { resource, response: { status, outcome: failure } };
      }),
    );
  };
}

test('several references go as one batch of GETs, a single one as a plain GET', async () => {
  const { client, seen } = await script(
    byId({
      p0: { status: '200', resource: patient('p0') },
      p1: { status: '200', resource: patient('p1') },
    }),
  );
  await client.readCurrent(references(2));
  await client.readCurrent([reference('p0')]);
  expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /',
    'GET /Patient/p0',
  ]);
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    resourceType: 'Bundle',
    type: 'batch',
    entry: [
      { request: { method: 'GET', url: 'Patient/p0' } },
      { request: { method: 'GET', url: 'Patient/p1' } },
    ],
  });
  expect(seen[0]?.headers['content-type']).toBe('application/fhir+json');
});

test('no references make no call', async () => {
  const { client, seen } = await script(() => ({}));
  expect(await client.readCurrent([])).toEqual([]);
  expect(await client.patch([])).toEqual([]);
  expect(seen).toEqual([]);
});

test('more references than the batch size go as several batches, results in request order', async () => {
  const { client, seen } = await script(
    (request) =>
      request.method === 'GET'
        ? { body: patient(request.path.split('/')[2] ?? '') }
        : batchResponse(
            entriesOf(request).map(({ request: { url } }) => ({
              resource: patient(url.split('/')[1] ?? ''),
              response: { status: '200' },
            })),
          ),
    { batchSize: 3 },
  );
  const results = await client.readCurrent(references(7));
  expect(results.map((result) => result.kind === 'current' && result.resource.id)).toEqual(
    references(7).map(({ id }) => id),
  );
  expect(seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'GET']);
});

describe('each status has its ending, the same in a batch and alone', () => {
  const meta = { versionId: '3', lastUpdated: '2026-01-01T00:00:00Z' };
  test.each<
    [string, { status: string; resource?: unknown; outcome?: unknown }, Record<string, unknown>]
  >([
    [
      'success',
      { status: '200 OK', resource: patient('p1', '3') },
      {
        kind: 'current',
        versionId: '3',
        lastUpdated: '2026-01-01T00:00:00Z',
        resource: patient('p1', '3'),
      },
    ],
    ['deleted', { status: '410', outcome: outcome('deleted') }, { kind: 'gone' }],
    [
      'never there',
      { status: '404 Not Found', outcome: outcome('not-found') },
      { kind: 'missing' },
    ],
    ['timeout', { status: '408' }, { kind: 'failed' }],
    ['server error', { status: '500', outcome: outcome('exception') }, { kind: 'failed' }],
    [
      'bad request',
      { status: '400', outcome: outcome('invalid') },
      { kind: 'unreadable', status: 400, problem: 'refused (invalid)' },
    ],
    [
      'an issue code of its own',
      { status: '422', outcome: outcome('Jane Doe') },
      { kind: 'unreadable', status: 422, problem: 'refused (unknown)' },
    ],
    ['200 without a body', { status: '200' }, { kind: 'unreadable', status: 200 }],
    [
      '200 with an outcome',
      { status: '200', resource: outcome('invalid') },
      { kind: 'unreadable' },
    ],
    [
      '200 with another resource',
      { status: '200', resource: patient('other') },
      { kind: 'unreadable' },
    ],
    [
      '200 with another type',
      { status: '200', resource: { ...patient('p1'), resourceType: 'Person' } },
      { kind: 'unreadable' },
    ],
    [
      '200 without version',
      { status: '200', resource: { ...patient('p1'), meta: { lastUpdated: 'x' } } },
      { kind: 'unreadable' },
    ],
    [
      '200 without meta',
      { status: '200', resource: { resourceType: 'Patient', id: 'p1' } },
      { kind: 'unreadable' },
    ],
    [
      '200 with a number as version',
      { status: '200', resource: { ...patient('p1'), meta: { ...meta, versionId: 3 } } },
      { kind: 'unreadable' },
    ],
  ])('%s', async (_, answer, ending) => {
    const { client } = await script(
      byId({ p0: { status: '200', resource: patient('p0') }, p1: answer }),
    );
    const [, batched] = await client.readCurrent([reference('p0'), reference('p1')]);
    const [alone] = await client.readCurrent([reference('p1')]);
    expect(batched).toMatchObject({ reference: reference('p1'), ...ending });
    expect(alone).toEqual(batched);
    expect(JSON.stringify([alone, batched])).not.toContain('CANARY');
  });

  test.each(['429', '503'])('%s in an entry fails that entry alone', async (status) => {
    const { client } = await script(
      byId({ p0: { status: '200', resource: patient('p0') }, p1: { status } }),
    );
    const results = await client.readCurrent([reference('p0'), reference('p1')]);
    expect(results.map(({ kind }) => kind)).toEqual(['current', 'failed']);
  });
});

describe('versions', () => {
  test('are read from the history', async () => {
    const { client, seen } = await script(() => ({ body: patient('p1', '7') }));
    const [result] = await client.readVersions([{ ...reference('p1'), versionId: '7' }]);
    expect(result).toMatchObject({ kind: 'current', versionId: '7' });
    expect(seen[0]?.path).toBe('/Patient/p1/_history/7');
  });

  test('another version than the one asked for is unreadable', async () => {
    const { client } = await script(() => ({ body: patient('p1', '8') }));
    const [result] = await client.readVersions([{ ...reference('p1'), versionId: '7' }]);
    expect(result).toMatchObject({ kind: 'unreadable', status: 200 });
  });
});

describe('bodies that are too large together', () => {
  test('are read in halves, and one that is too large alone does not hide its neighbours', async () => {
    const note = (id: string) => 'x'.repeat({ p0: 3000, p1: 900, p2: 900 }[id] ?? 1);
    const body = (id: string) => ({ ...patient(id), note: note(id) });
    const { client } = await script(
      (request) =>
        request.method === 'GET'
          ? { body: body(request.path.split('/')[2] ?? '') }
          : batchResponse(
              entriesOf(request).map(({ request: { url } }) => ({
                resource: body(url.split('/')[1] ?? ''),
                response: { status: '200' },
              })),
            ),
      { maxResponseBytes: 2000 },
    );
    const results = await client.readCurrent(references(4));
    expect(results.map(({ kind }) => kind)).toEqual([
      'unreadable',
      'current',
      'current',
      'current',
    ]);
  });

  test('a batch that the service finds too large is sent in halves', async () => {
    const { client, seen } = await script((request) => {
      const entries = request.method === 'GET' ? [] : entriesOf(request);
      return entries.length > 2
        ? { status: 413 }
        : batchResponse(
            entries.map(({ request: { url } }) => ({
              resource: patient(url.split('/')[1] ?? ''),
              response: { status: '200' },
            })),
          );
    });
    const results = await client.readCurrent(references(4));
    expect(results.map(({ kind }) => kind)).toEqual(Array(4).fill('current'));
    expect(seen).toHaveLength(3);
  });
});

test.each(['..', 'a/b', 'a?b', '', 'x'.repeat(65)])(
  'the id %j never becomes part of a URL',
  async (id) => {
    const { client, seen } = await script(() => ({}));
    expect(await failureOf(client.readCurrent([reference(id)]))).toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(
      await failureOf(client.readVersions([{ ...reference('p1'), versionId: id }])),
    ).toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(seen).toEqual([]);
  },
);
