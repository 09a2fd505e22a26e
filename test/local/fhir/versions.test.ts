import { Client } from 'fhir-kit-client';
import { expect, test } from 'vitest';
import { type Answer, type Door, serve } from './running-service.ts';

test('versions count up from 1 and a stale If-Match is refused with 412', async () => {
  const service = await serve();
  const created = await service.call('PUT', '/Patient/a', patient('male'));
  expect([created.status, created.headers.get('etag')]).toEqual([201, 'W/"1"']);
  expect(created.headers.get('location')).toBe(`${service.url}/Patient/a/_history/1`);
  expect(created.json.meta?.versionId).toBe('1');

  const updated = await service.call('PUT', '/Patient/a', patient('female'), {
    'if-match': 'W/"1"',
  });
  expect([updated.status, updated.headers.get('etag')]).toEqual([200, 'W/"2"']);

  const stale = await service.call('PUT', '/Patient/a', patient('other'), { 'if-match': 'W/"1"' });
  expect([stale.status, stale.json.resourceType]).toEqual([412, 'OperationOutcome']);
  expect((await service.call('GET', '/Patient/a')).json['gender']).toBe('female');
});

test('an update that changes nothing makes no version', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', patient('male'));
  const repeated = await service.call('PUT', '/Patient/a', patient('male'));
  expect([repeated.status, repeated.json.meta?.versionId]).toEqual([200, '1']);
  const tagged = { ...patient('male'), meta: { versionId: '77', tag: [{ code: 'x' }] } };
  expect((await service.call('PUT', '/Patient/a', tagged)).json.meta?.versionId).toBe('2');
});

test('lastUpdated never goes back and orders the history', async () => {
  const service = await serve();
  for (let index = 0; index < 20; index += 1) {
    await service.call('PUT', '/Patient/a', { ...patient('male'), multipleBirthInteger: index });
  }
  const history = await service.call('GET', '/Patient/a/_history?_count=50');
  const versions = history.json.entry!.map(({ resource }) => Number(resource!.meta!.versionId));
  const instants = history.json.entry!.map(({ resource }) => resource!.meta!.lastUpdated);
  expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => 20 - index));
  expect(instants).toEqual([...instants].sort().reverse());
});

test('a deleted resource is 410, keeps a tombstone in its history and can be revived', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', patient('male'));
  const deleted = await service.call('DELETE', '/Patient/a');
  expect([deleted.status, deleted.headers.get('etag')]).toEqual([204, 'W/"2"']);
  expect((await service.call('GET', '/Patient/a')).status).toBe(410);
  expect((await service.call('GET', '/Patient/never')).status).toBe(404);
  expect((await service.call('GET', '/Patient/a/_history/2')).status).toBe(410);
  expect((await service.call('GET', '/Patient/a/_history/1')).json['gender']).toBe('male');
  expect((await service.call('GET', '/Patient?_id=a')).json.entry).toBeUndefined();

  const again = await service.call('DELETE', '/Patient/a');
  expect([again.status, again.headers.get('etag')]).toEqual([204, 'W/"2"']);

  const history = await service.call('GET', '/Patient/a/_history');
  expect(history.json.total).toBe(2);
  expect(history.json.entry![0]!.request).toEqual({ method: 'DELETE', url: 'Patient/a' });

  const revived = await service.call('PUT', '/Patient/a', patient('female'));
  expect([revived.status, revived.json.meta?.versionId]).toEqual([201, '3']);
});

test('a hard delete leaves nothing, and the id starts again at version 1', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', patient('male'));
  await service.call('PUT', '/Patient/a', patient('female'));
  expect((await service.call('DELETE', '/Patient/a?hardDelete=true')).status).toBe(204);
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
  expect((await service.call('GET', '/Patient/a/_history')).status).toBe(404);
  expect((await service.call('GET', '/Patient?gender=female,male')).json.entry).toBeUndefined();
  expect((await service.call('GET', '/_history')).json.entry).toBeUndefined();
  const anew = await service.call('PUT', '/Patient/a', patient('male'));
  expect(anew.json.meta?.versionId).toBe('1');
});

test('type and system history page from the latest to the first without loss', async () => {
  const service = await serve();
  for (let index = 0; index < 5; index += 1) {
    await service.call('PUT', `/Patient/p${index}`, { resourceType: 'Patient', id: `p${index}` });
    await service.call('PUT', `/Device/d${index}`, { resourceType: 'Device', id: `d${index}` });
  }
  await service.call('DELETE', '/Patient/p3');
  expect(await pagedHistory(service, '/Patient/_history?_count=2')).toEqual([
    'p3/2',
    'p4/1',
    'p3/1',
    'p2/1',
    'p1/1',
    'p0/1',
  ]);
  expect(await pagedHistory(service, '/_history?_count=4')).toHaveLength(11);
  const count = await service.call('GET', '/_history?_summary=count');
  expect(count.json.total).toBe(11);
});

test('fhir-kit-client patches with If-Match and reads the version it made', async () => {
  const { url } = await serve();
  const client = new Client({ baseUrl: url });
  await client.update({ resourceType: 'Patient', id: 'a', body: patient('male') });
  await client.patch({
    resourceType: 'Patient',
    id: 'a',
    jsonPatch: [{ op: 'replace', path: '/gender', value: 'other' }],
    options: { headers: { 'If-Match': 'W/"1"' } },
  });
  const read = await client.vread({ resourceType: 'Patient', id: 'a', version: '2' });
  expect(read).toMatchObject({ gender: 'other', meta: { versionId: '2' } });
  const stale = client.patch({
    resourceType: 'Patient',
    id: 'a',
    jsonPatch: [{ op: 'remove', path: '/gender' }],
    options: { headers: { 'If-Match': 'W/"1"' } },
  });
  await expect(stale).rejects.toMatchObject({ response: { status: 412 } });
});

test('a read with the current ETag answers 304', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', patient('male'));
  const known = await service.call('GET', '/Patient/a', undefined, { 'if-none-match': 'W/"1"' });
  expect([known.status, known.text]).toEqual([304, '']);
});

function patient(gender: string) {
  return { resourceType: 'Patient', id: 'a', gender };
}

async function pagedHistory(service: Door, path: string): Promise<string[]> {
  const seen: string[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const { json }: Answer = await service.call('GET', next);
    for (const { resource } of json.entry ?? []) {
      seen.push(`${resource!.id}/${resource!.meta!.versionId}`);
    }
    next = json.link!.find(({ relation }) => relation === 'next')?.url.slice(service.url.length);
  }
  return seen;
}
