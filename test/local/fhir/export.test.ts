import { expect, test } from 'vitest';
import {
  blobService,
  deletedMark,
  exported,
  exportHeaders,
  linesOf,
  manifestOf,
  newContainer,
  pathOf,
  runExport,
  serveBulk,
  settled,
  tick,
  useStorage,
} from './bulk-services.ts';
import type { Door } from './running-service.ts';

// Guarantees of $export: facts/migration.md 2.1, from the source of the open-source FHIR server and the vendor's pages.

useStorage();

const put = (service: Door, id: string, content: Record<string, unknown> = {}) =>
  service.call('PUT', `/Patient/${id}`, { resourceType: 'Patient', id, ...content });

const kickOff = (
  service: Door,
  query = '',
  headers: Record<string, string> = exportHeaders,
  path = '',
) => service.call('GET', `${path}/$export${query}`, undefined, headers);

test('the manifest counts what its NDJSON files hold, and bodies are written as they are stored', async () => {
  const service = await serveBulk();
  const text =
    '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"ä"},"valueQuantity":{"value":1.10}}';
  await service.call('PUT', '/Observation/o', text);
  await put(service, 'p');
  const { text: stored } = await service.call('GET', '/Observation/o');
  const manifest = await runExport(service);
  expect(manifest).toMatchObject({ requiresAccessToken: false, error: [], issues: [] });
  expect(manifest.request).toBe(`${service.url}/$export`);
  expect(manifest.output.map(({ type, count }) => [type, count])).toEqual([
    ['Observation', 1],
    ['Patient', 1],
  ]);
  expect(await linesOf(manifest.output[0]!.url)).toEqual([stored]);
  expect(stored).toContain('1.10');
});

test('when a job came and ended is told to those who measure', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  const before = Date.now();
  await runExport(service);
  const { json } = await service.call('GET', '/_control/jobs');
  const [job] = json['jobs'] as { createdAt: number; endedAt: number }[];
  expect(job).toMatchObject({ kind: 'export', state: 'completed' });
  expect(job?.createdAt).toBeGreaterThanOrEqual(before);
  expect(job?.endedAt).toBeGreaterThanOrEqual(job?.createdAt ?? Infinity);
});

test('without history a resource comes once, as its latest version, and deleted ones stay away', async () => {
  const service = await serveBulk();
  await put(service, 'a', { gender: 'male' });
  await put(service, 'a', { gender: 'female' });
  await put(service, 'b');
  await service.call('DELETE', '/Patient/b');
  const resources = await exported(await runExport(service));
  expect(resources.map(({ id, meta }) => [id, meta.versionId])).toEqual([['a', '2']]);
});

test('includeAssociatedData adds history, and deletions that carry the soft-delete extension', async () => {
  const service = await serveBulk();
  await put(service, 'a', { gender: 'male' });
  await put(service, 'a', { gender: 'female' });
  await service.call('DELETE', '/Patient/a');
  await put(service, 'b');
  const versions = async (query: string) =>
    (await exported(await runExport(service, query))).map(({ id, meta }) => id + meta.versionId);
  expect(await versions('?includeAssociatedData=_history')).toEqual(['a1', 'a2', 'b1']);
  expect(await versions('?includeAssociatedData=_deleted')).toEqual(['a3', 'b1']);
  expect(await versions('?includeAssociatedData=_history,_deleted')).toEqual([
    'a1',
    'a2',
    'a3',
    'b1',
  ]);
  const all = await exported(await runExport(service, '?includeAssociatedData=_history,_deleted'));
  expect(all.map(({ meta }) => meta.extension)).toEqual([
    undefined,
    undefined,
    [deletedMark],
    undefined,
  ]);
});

test('_till of the parallel path is exclusive, so windows that meet neither overlap nor leave a gap', async () => {
  const service = await serveBulk();
  const instants: string[] = [];
  for (const id of ['a', 'b', 'c', 'd']) {
    instants.push((await put(service, id)).json.meta!.lastUpdated);
    await tick();
  }
  const ids = async (query: string) =>
    (await exported(await runExport(service, query))).map(({ id }) => id);
  expect(await ids(`?_since=${instants[0]}&_till=${instants[2]}`)).toEqual(['a', 'b']);
  expect(await ids(`?_since=${instants[2]}&_till=${instants[3]}`)).toEqual(['c']);
});

test('_till of the non-parallel and of the filtered path is inclusive', async () => {
  const service = await serveBulk();
  await put(service, 'a', { gender: 'male' });
  await tick();
  const last = (await put(service, 'b', { gender: 'male' })).json.meta!.lastUpdated;
  const ids = async (query: string) =>
    (await exported(await runExport(service, query))).map(({ id }) => id);
  expect(await ids(`?_till=${last}`)).toEqual(['a']);
  expect(await ids(`?_till=${last}&_isParallel=false`)).toEqual(['a', 'b']);
  const filter = '&_type=Patient&_typeFilter=Patient%3Fgender%3Dmale';
  expect(await ids(`?_till=${last}${filter}`)).toEqual(['a', 'b']);
});

test('a parallel export shows the service as of _till; the non-parallel one misses what changed since', async () => {
  const service = await serveBulk();
  await put(service, 'a', { gender: 'male' });
  await put(service, 'gone');
  await tick();
  const till = new Date().toISOString();
  await tick();
  await put(service, 'a', { gender: 'female' });
  await put(service, 'new');
  await service.call('DELETE', '/Patient/gone');
  const seen = async (query: string) =>
    (await exported(await runExport(service, query))).map(({ id, meta }) => id + meta.versionId);
  expect(await seen(`?_till=${till}`)).toEqual(['a1', 'gone1']);
  expect(await seen(`?_till=${till}&_isParallel=false`)).toEqual([]);
});

test('_type and _typeFilter narrow an export; types without a filter come whole', async () => {
  const service = await serveBulk();
  await put(service, 'm', { gender: 'male' });
  await put(service, 'f', { gender: 'female' });
  await service.call('PUT', '/Device/d', { resourceType: 'Device', id: 'd' });
  await service.call('PUT', '/Medication/x', { resourceType: 'Medication', id: 'x' });
  const ids = async (query: string) =>
    (await exported(await runExport(service, query))).map(({ id }) => id);
  expect(await ids('?_type=Device,Medication')).toEqual(['d', 'x']);
  expect(await ids('?_type=Patient,Device&_typeFilter=Patient%3Fgender%3Dfemale')).toEqual([
    'd',
    'f',
  ]);
});

test('_maxCount sets how many resources a file gets', async () => {
  const service = await serveBulk();
  for (let index = 0; index < 5; index += 1) await put(service, `p${index}`);
  const { output } = await runExport(service, '?_maxCount=2');
  expect(output.map(({ count }) => count)).toEqual([2, 2, 1]);
  expect(new Set(output.map(({ url }) => url)).size).toBe(3);
});

test('files go to a new container, or below {timestamp}-{id} of the one asked for', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  const own = (await runExport(service)).output[0]!;
  expect(new URL(own.url).pathname).toMatch(/\/export-\d+\/Patient-\d+-1\.ndjson$/);
  const container = newContainer();
  const given = (await runExport(service, `?_container=${container}`)).output[0]!;
  expect(new URL(given.url).pathname).toMatch(
    new RegExp(`/${container}/\\d{8}T\\d{6}-\\d+/Patient-\\d+-1\\.ndjson$`),
  );
  expect(await blobService().getContainerClient(container).exists()).toBe(true);
});

test('Patient/$export gives patients of the window and their compartments', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  await service.call('PUT', '/Device/d', { resourceType: 'Device', id: 'd' });
  const observation = (id: string, patient: string) =>
    service.call('PUT', `/Observation/${id}`, {
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'x' },
      subject: { reference: patient },
    });
  await observation('of-a', 'Patient/a');
  await observation('of-nobody', 'Patient/nobody');
  const manifest = await runExport(service, '', '/Patient');
  expect((await exported(manifest)).map(({ id }) => id)).toEqual(['of-a', 'a']);
});

test('Group/{id}/$export gives the compartments of its members; a Group that is not there fails the job with 400', async () => {
  const service = await serveBulk();
  await put(service, 'in');
  await put(service, 'nested');
  await put(service, 'out');
  const group = (id: string, ...members: string[]) =>
    service.call('PUT', `/Group/${id}`, {
      ...{ resourceType: 'Group', id, type: 'person', actual: true },
      member: members.map((reference) => ({ entity: { reference } })),
    });
  await group('inner', 'Patient/nested');
  await group('g', 'Patient/in', 'Group/inner');
  const manifest = await runExport(service, '?_type=Patient', '/Group/g');
  expect((await exported(manifest)).map(({ id }) => id)).toEqual(['in', 'nested']);
  const missing = await kickOff(service, '', exportHeaders, '/Group/missing');
  const failed = await settled(service, pathOf(missing));
  expect(failed.status).toBe(400);
  expect(failed.json.issue![0]!.diagnostics).toContain('export operation failed for reason');
});

test('a cancel is 202; afterwards polls and cancels find nothing', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  const path = pathOf(await kickOff(service));
  expect((await service.call('DELETE', path)).status).toBe(202);
  expect((await service.call('GET', path)).status).toBe(404);
  expect((await service.call('DELETE', path)).status).toBe(404);
});

test('an unknown job is 404', async () => {
  const service = await serveBulk();
  expect((await service.call('GET', '/_operations/export/1')).status).toBe(404);
  expect((await service.call('GET', '/_operations/export/x')).status).toBe(404);
  expect((await service.call('GET', '/_operations/nothing/1')).status).toBe(404);
});

test('a finished job counts as in flight until its sub-jobs have settled', async () => {
  // 0.6 s in the queue and 0.15 s of settling, in place of 60 s and 15 s.
  const service = await serveBulk({ bulkTimeScale: 0.01 });
  await put(service, 'a');
  const path = pathOf(await kickOff(service));
  const waiting = await service.call('GET', path);
  expect([waiting.status, waiting.text, waiting.headers.get('retry-after')]).toEqual([
    202,
    '',
    null,
  ]);
  expect((await settled(service, path)).status).toBe(200);
});

test('without storage an export fails and says so', async () => {
  const service = await serveBulk({ storage: undefined });
  const failed = await settled(service, pathOf(await kickOff(service)));
  expect(failed.status).toBe(400);
  expect(failed.json.issue![0]!.diagnostics).toContain('storage');
});

test('exports are offered in the CapabilityStatement, and a running one means that the service is not idle', async () => {
  const service = await serveBulk({ bulkTimeScale: 0.005 });
  const { json } = await service.call('GET', '/metadata');
  expect(JSON.stringify(json['rest'])).toContain('/OperationDefinition/export');
  const path = pathOf(await kickOff(service));
  expect((await service.call('GET', '/_control/status')).json['idle']).toBe(false);
  expect(manifestOf(await settled(service, path)).output).toEqual([]);
  expect((await service.call('GET', '/_control/status')).json['idle']).toBe(true);
});
