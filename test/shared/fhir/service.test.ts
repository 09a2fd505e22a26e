import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningFhir, startFhir } from '../../../local/fhir/index.ts';
import { parseEvents } from '../../../shared/events/index.ts';
import { createFhirClient, type FhirClient } from '../../../shared/fhir/index.ts';
import { createHttp, type HttpSend } from '../../../shared/http/index.ts';

/** The client against the local FHIR service: the conversation as a whole, over HTTP. */
let service: RunningFhir;
let send: HttpSend;
let client: FhirClient;

beforeAll(async () => {
  service = await startFhir({ port: 0 });
  send = createHttp({ allowedOrigins: [service.url], userAgent: 'test/1' });
  client = createFhirClient({ url: service.url, send });
});
afterAll(() => service.close());

async function put(id: string, elements: Record<string, unknown> = {}): Promise<string> {
  const { status, text } = await send({
    method: 'PUT',
    url: `${service.url}/Patient/${id}`,
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({ resourceType: 'Patient', id, ...elements }),
  });
  expect([200, 201]).toContain(status);
  return JSON.parse(text).meta.versionId;
}

async function remove(id: string, query = ''): Promise<void> {
  const url = `${service.url}/Patient/${id}${query}`;
  expect((await send({ method: 'DELETE', url })).status).toBe(204);
}

const reference = (id: string) => ({ resourceType: 'Patient', id });
const addIdentifier = (id: string, versionId: string) => ({
  reference: reference(id),
  versionId,
  operations: [
    { op: 'add', path: '/identifier', value: [{ system: 'urn:x', value: id }] },
  ] as const,
});

describe('reading', () => {
  test('tells current, deleted and never there apart, alone and in a batch', async () => {
    await put('here', { gender: 'female' });
    await put('deleted');
    await remove('deleted');
    const ids = ['here', 'deleted', 'never'];
    const batched = await client.readCurrent(ids.map(reference));
    expect(batched.map(({ kind }) => kind)).toEqual(['current', 'gone', 'missing']);
    expect(batched[0]).toMatchObject({ resource: { id: 'here', gender: 'female' } });
    const alone = await Promise.all(ids.map((id) => client.readCurrent([reference(id)])));
    expect(alone.flat()).toEqual(batched);
  });

  test('reads versions that are no longer current', async () => {
    const first = await put('versions', { gender: 'male' });
    const second = await put('versions', { gender: 'other' });
    const results = await client.readVersions(
      [first, second].map((versionId) => ({ ...reference('versions'), versionId })),
    );
    expect(
      results.map(
        (result) => result.kind === 'current' && [result.versionId, result.resource['gender']],
      ),
    ).toEqual([
      [first, 'male'],
      [second, 'other'],
    ]);
    const [alone] = await client.readVersions([{ ...reference('versions'), versionId: first }]);
    expect(alone).toEqual(results[0]);
  });

  test('250 resources come in order over three batches', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((id) => put(id)));
    const results = await client.readCurrent(ids.map(reference));
    expect(results.map((result) => result.kind === 'current' && result.resource.id)).toEqual(ids);
  });
});

describe('patching', () => {
  test('changes what is at the expected version, and nothing else', async () => {
    const versionId = await put('patch', { gender: 'female' });
    const [first] = await client.patch([addIdentifier('patch', versionId)]);
    expect(first).toMatchObject({ kind: 'patched' });
    expect(await client.patch([addIdentifier('patch', versionId)])).toEqual([{ kind: 'changed' }]);
    const [read] = await client.readCurrent([reference('patch')]);
    expect(read).toMatchObject({
      versionId: first?.kind === 'patched' ? first.versionId : '',
      resource: { gender: 'female', identifier: [{ system: 'urn:x', value: 'patch' }] },
    });
  });

  test('in a batch each patch has its own ending', async () => {
    const fresh = await put('batch-fresh');
    const stale = await put('batch-stale');
    await put('batch-stale', { gender: 'male' });
    const deleted = await put('batch-deleted');
    await remove('batch-deleted');
    const refused = await put('batch-refused');
    const results = await client.patch([
      addIdentifier('batch-fresh', fresh),
      addIdentifier('batch-stale', stale),
      addIdentifier('batch-deleted', deleted),
      {
        reference: reference('batch-refused'),
        versionId: refused,
        operations: [{ op: 'replace', path: '/nowhere/at/all', value: 1 }],
      },
    ]);
    expect(results.map(({ kind }) => kind)).toEqual(['patched', 'changed', 'gone', 'refused']);
    const [read] = await client.readCurrent([reference('batch-fresh')]);
    expect(read).toMatchObject({ resource: { identifier: [{ value: 'batch-fresh' }] } });
  });

  test('of two writers of one version exactly one succeeds', async () => {
    const versionId = await put('race');
    const results = await Promise.all(
      Array.from({ length: 8 }, () => client.patch([addIdentifier('race', versionId)])),
    );
    const kinds = results.flat().map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'patched')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'changed')).toHaveLength(7);
  });
});

describe('when the service falters', () => {
  const arm = (fault: Record<string, unknown>) =>
    send({
      method: 'POST',
      url: `${service.url}/_control/faults`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });

  test.each(['PATCH', 'POST'])(
    'a patch (%s) whose answer was lost ends as changed, and the current version holds it',
    async (method) => {
      const ids = method === 'PATCH' ? ['torn-alone'] : ['torn-1', 'torn-2'];
      const versions = await Promise.all(ids.map((id) => put(id)));
      await arm({ method, torn: 'after' });
      const results = await client.patch(
        ids.map((id, index) => addIdentifier(id, versions[index]!)),
      );
      expect(results.map(({ kind }) => kind)).toEqual(ids.map(() => 'changed'));
      const read = await client.readCurrent(ids.map(reference));
      expect(read).toMatchObject(ids.map((value) => ({ resource: { identifier: [{ value }] } })));
    },
  );

  test('a read that is torn or throttled once succeeds unnoticed', async () => {
    await put('torn-read');
    await arm({ method: 'GET', path: 'torn-read', torn: 'before' });
    await arm({ method: 'GET', path: 'torn-read', status: 429, headers: { 'retry-after': '0' } });
    const [read] = await client.readCurrent([reference('torn-read')]);
    expect(read?.kind).toBe('current');
  });

  test('a service that stays away is reported as unavailable, with the time that it asks for', async () => {
    await arm({
      method: 'GET',
      path: 'Patient/away',
      status: 503,
      headers: { 'retry-after': '120' },
    });
    await expect(client.readCurrent([reference('away')])).rejects.toMatchObject({
      code: 'FHIR_UNAVAILABLE',
      retryAfterSeconds: 120,
    });
  });
});

describe('searching', () => {
  test('gives every match over many pages', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `search-${index}`);
    await Promise.all(ids.map((id) => put(id, { name: [{ family: 'Paged' }] })));
    const found: unknown[] = [];
    const parameters = [
      ['name', 'Paged'],
      ['_count', '10'],
    ] as const;
    for await (const { id } of client.search('Patient', parameters)) {
      found.push(id);
    }
    expect(found.toSorted()).toEqual(ids.toSorted());
  });

  test('a parameter that the service does not know is refused, not ignored', async () => {
    const search = client.search('Patient', [['no-such-parameter', 'x']]);
    await expect(search[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'FHIR_REFUSED',
    });
  });
});

test('the local service is fit for the product', async () => {
  const capability = await client.capability();
  expect(capability.fhirVersion).toMatch(/^4\.0\./);
  expect(capability.problems).toEqual([]);
  expect(capability.resourceTypes).toContain('Patient');
});

test('the events of the service are understood, and lead to the versions that they tell of', async () => {
  const bodies: string[] = [];
  const { createServer } = await import('node:http');
  const receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    bodies.push(body);
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const source = await startFhir({ port: 0, eventsUrl: `http://127.0.0.1:${port}/` });
  try {
    const http = createHttp({ allowedOrigins: [source.url], userAgent: 'test/1' });
    await http({
      method: 'PUT',
      url: `${source.url}/Patient/told`,
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Patient', id: 'told' }),
    });
    await expect.poll(() => bodies.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const { changes, quarantined } = parseEvents(JSON.parse(bodies[0] ?? ''), {});
    expect(quarantined).toEqual([]);
    expect(changes).toMatchObject([{ resourceType: 'Patient', id: 'told', kind: 'created' }]);
    const reader = createFhirClient({ url: source.url, send: http });
    const [read] = await reader.readCurrent(changes);
    expect(read).toMatchObject({ kind: 'current', versionId: changes[0]?.versionId });
  } finally {
    await source.close();
    receiver.closeAllConnections();
    receiver.close();
  }
});
