import { expect, test } from 'vitest';
import { type Answer, type Body, type Door, newFolder, serve } from './running-service.ts';

const asynchronous = { accept: 'application/fhir+json', prefer: 'respond-async' };

async function load(service: Door, ...resources: readonly Body[]) {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
}

const patients = (count: number, gender = 'male'): readonly Body[] =>
  Array.from({ length: count }, (_, index) => ({
    resourceType: 'Patient',
    id: `${gender}-${index}`,
    gender,
  }));

async function start(service: Door, path: string): Promise<string> {
  const answer = await service.call('DELETE', path, undefined, asynchronous);
  expect([path, answer.status, answer.text]).toEqual([path, 202, '']);
  const location = answer.headers.get('content-location')!.slice(service.url.length);
  expect(location).toMatch(/^\/_operations\/bulk-delete\/\d+$/);
  return location;
}

async function ended(service: Door, location: string): Promise<Answer> {
  await expect.poll(async () => (await service.call('GET', location)).status).not.toBe(202);
  return service.call('GET', location);
}

async function deleted(service: Door, path: string): Promise<Record<string, number>> {
  const { status, json } = await ended(service, await start(service, path));
  expect([path, status, json.resourceType]).toEqual([path, 200, 'Parameters']);
  return countsIn(json);
}

function countsIn(json: Body): Record<string, number> {
  const parameters = json['parameter'] as { name: string; part: Record<string, unknown>[] }[];
  const counted = parameters.find(({ name }) => name === 'ResourceDeletedCount');
  return Object.fromEntries(
    (counted?.part ?? []).map(({ name, valueInteger64 }) => [name, Number(valueInteger64)]),
  );
}

const status = async (service: Door, path: string) => (await service.call('GET', path)).status;

test('$bulk-delete soft-deletes what the search finds and counts it by type', async () => {
  const service = await serve();
  await load(service, ...patients(250), ...patients(3, 'female'));
  expect(await deleted(service, '/Patient/$bulk-delete?gender=male')).toEqual({ Patient: 250 });
  expect(await status(service, '/Patient/male-7')).toBe(410);
  expect((await service.call('GET', '/Patient/male-7/_history')).json.total).toBe(2);
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(3);
});

test('a poll is 202 with X-Progress until the end; an ended job cannot be cancelled', async () => {
  const service = await serve({ bulkTimeScale: 0.005 });
  await load(service, ...patients(1));
  const location = await start(service, '/$bulk-delete');
  const running = await service.call('GET', location);
  expect([running.status, running.headers.get('x-progress')]).toEqual([202, 'in progress']);
  expect((await ended(service, location)).status).toBe(200);
  expect((await service.call('DELETE', location)).status).toBe(409);
});

test('a cancelled job answers 202, keeps the rest, and says so', async () => {
  const service = await serve({ bulkTimeScale: 1 });
  await load(service, ...patients(1));
  const location = await start(service, '/$bulk-delete');
  expect((await service.call('DELETE', location)).status).toBe(202);
  expect((await ended(service, location)).text).toContain('Job Canceled');
  expect(await status(service, '/Patient/male-0')).toBe(200);
});

test('_hardDelete leaves nothing but the write log; excluded types stay', async () => {
  const service = await serve();
  await load(service, ...patients(2), { resourceType: 'Device', id: 'd' });
  const counts = await deleted(
    service,
    '/$bulk-delete?_hardDelete=true&excludedResourceTypes=Device',
  );
  expect(counts).toEqual({ Patient: 2 });
  expect(await status(service, '/Patient/male-0')).toBe(404);
  expect(await status(service, '/Device/d')).toBe(200);
  expect((await service.call('GET', '/_history?_summary=count')).json.total).toBe(1);
  const { json } = await service.call('GET', '/_control/writes');
  const kinds = (json['writes'] as { kind: string; id: string }[]).map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(['create', 'hard-delete', 'hard-delete']);
});

test('_purgeHistory and $purge-history keep the current version only', async () => {
  const service = await serve();
  for (const gender of ['male', 'female', 'other']) {
    await load(service, { resourceType: 'Patient', id: 'a', gender });
    await load(service, { resourceType: 'Patient', id: 'b', gender });
  }
  expect(await deleted(service, '/Patient/$bulk-delete?_purgeHistory=true&_id=a')).toEqual({
    Patient: 1,
  });
  expect((await service.call('DELETE', '/Patient/b/$purge-history')).status).toBe(204);
  for (const id of ['a', 'b']) {
    const history = await service.call('GET', `/Patient/${id}/_history`);
    expect(history.json.entry!.map(({ resource }) => resource!.meta!.versionId)).toEqual(['3']);
  }
  const { text } = await service.call('GET', '/_control/writes');
  expect(text.match(/purge-history/g)).toHaveLength(2);
});

test('_remove-references leaves a display where a deleted resource was referred to', async () => {
  const service = await serve();
  await load(
    service,
    { resourceType: 'Patient', id: 'p' },
    {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: 'Patient/p' },
    },
  );
  await deleted(service, '/Patient/$bulk-delete?_remove-references=true');
  const { json } = await service.call('GET', '/Observation/o');
  expect([json['subject'], json.meta!.versionId]).toEqual([
    { display: 'Referenced resource deleted' },
    '2',
  ]);
});

test('$bulk-delete-soft-deleted removes tombstones for good and takes _lastUpdated only', async () => {
  const service = await serve();
  await load(service, ...patients(3));
  await service.call('DELETE', '/Patient/male-0');
  await service.call('DELETE', '/Patient/male-1');
  const refused = await service.call(
    'DELETE',
    '/Patient/$bulk-delete-soft-deleted?gender=male',
    undefined,
    asynchronous,
  );
  expect(refused.status).toBe(400);
  expect(await deleted(service, '/$bulk-delete-soft-deleted')).toEqual({ Patient: 2 });
  expect(await status(service, '/Patient/male-0')).toBe(404);
  expect(await status(service, '/Patient/male-2')).toBe(200);
});

test('without respond-async, with an unknown parameter or type, nothing is deleted', async () => {
  const service = await serve();
  await load(service, ...patients(1));
  for (const [path, headers] of [
    ['/$bulk-delete', {}],
    ['/Patient/$bulk-delete?colour=red', asynchronous],
    ['/$bulk-delete?excludedResourceTypes=Nothing', asynchronous],
  ] as const) {
    expect((await service.call('DELETE', path, undefined, headers)).status).toBe(400);
  }
  expect(await status(service, '/Patient/male-0')).toBe(200);
  expect(await status(service, '/_operations/bulk-delete/99')).toBe(404);
});

test('a job goes on after a restart and counts nothing twice', async () => {
  const dataFolder = newFolder();
  const before = await serve({ dataFolder, bulkTimeScale: 0.01 });
  await load(before, ...patients(150));
  const location = await start(before, '/$bulk-delete');
  await before.close();
  const after = await serve({ dataFolder });
  expect(countsIn((await ended(after, location)).json)).toEqual({ Patient: 150 });
});
