import { expect, test } from 'vitest';
import {
  blobService,
  importLines,
  importParameters,
  linesOf,
  manifestOf,
  newContainer,
  pathOf,
  serveBulk,
  settled,
  startImport,
  upload,
  useStorage,
  version,
} from './bulk-services.ts';

// Guarantees of $import: facts/migration.md 2.2, from the source of the open-source FHIR server and the vendor's pages.

useStorage();

const patient = (id: string) => ({ resourceType: 'Patient', id });

test('an import takes several types of one file, and its result counts by input', async () => {
  const service = await serveBulk();
  const device = { resourceType: 'Device', id: 'd' };
  const mixed = await upload([patient('a'), device]);
  const typed = await upload([patient('b')]);
  const kickOff = await startImport(
    service,
    importParameters([{ url: mixed }, { url: typed, type: 'Patient' }]),
  );
  expect([kickOff.status, kickOff.text]).toEqual([202, '']);
  expect(kickOff.headers.get('content-location')).toMatch(/\/_operations\/import\/\d+$/);
  const answer = await settled(service, pathOf(kickOff));
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(manifestOf(answer)).toMatchObject({
    request: `${service.url}/$import`,
    output: [
      { count: 2, inputUrl: mixed },
      { type: 'Patient', count: 1, inputUrl: typed },
    ],
    error: [],
  });
  expect((await service.call('GET', '/Device/d')).status).toBe(200);
});

test('imported resources can be searched like written ones', async () => {
  const service = await serveBulk();
  await importLines(service, [
    { ...patient('a'), gender: 'male', name: [{ family: 'Imported' }] },
    { ...patient('b'), gender: 'female' },
  ]);
  const found = await service.call('GET', '/Patient?gender=male&name=import');
  expect(found.json.entry!.map(({ resource }) => resource!.id)).toEqual(['a']);
});

test('decimals keep their digits', async () => {
  const service = await serveBulk();
  await importLines(service, [
    '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}',
  ]);
  expect((await service.call('GET', '/Observation/o')).text).toContain('"value":1.10');
});

test('a line that cannot be loaded becomes an OperationOutcome with its line number and the offset of its unit', async () => {
  const service = await serveBulk();
  const url = await upload([
    patient('a'),
    'no json',
    '',
    { resourceType: 'Device', id: 'd' },
    patient('b c'),
  ]);
  const kickOff = await startImport(service, importParameters([{ url, type: 'Patient' }]));
  const { output, error } = manifestOf(await settled(service, pathOf(kickOff)));
  expect(output).toEqual([{ type: 'Patient', count: 1, inputUrl: url }]);
  expect(error).toMatchObject([{ type: 'Patient', count: 3, inputUrl: url }]);
  expect(error[0]!.url).toMatch(/\/fhirlogs\/Patient\d+_\d+\.ndjson$/);
  const outcomes = (await linesOf(error[0]!.url)).map((line) => JSON.parse(line));
  const at = (line: number) =>
    `Failed to process resource at line: ${line} with stream start offset: 0`;
  expect(outcomes).toMatchObject([
    { resourceType: 'OperationOutcome', issue: [{ severity: 'error', diagnostics: at(2) }] },
    { issue: [{ details: { text: 'Resource type not match.' }, diagnostics: at(3) }] },
    { issue: [{ diagnostics: at(4) }] },
  ]);
  expect(outcomes[2].issue[0].details.text).toContain('Id must be any combination');
});

test('SearchParameters within files of several types are refused line by line', async () => {
  const service = await serveBulk({ validateWrites: false });
  const { count, causes } = await importLines(service, [
    { resourceType: 'SearchParameter', id: 's' },
    patient('a'),
  ]);
  expect([count, causes]).toEqual([
    1,
    ['SearchParameter resources cannot be processed by import.'],
  ]);
});

test('units of any size load every line once, and count lines from where they begin', async () => {
  const service = await serveBulk();
  const lines = Array.from({ length: 30 }, (_, index) =>
    index % 10 === 9 ? 'no json' : patient(`p${index}`),
  );
  for (const size of [10, 37, 38, 39, 100, 1_000_000]) {
    const answer = await importLines(service, lines, [
      { name: 'processingUnitBytesToRead', valueInteger: size },
    ]);
    expect([size, answer.count, answer.causes.length]).toEqual([size, 27, 3]);
  }
});

test('errors are listed per unit, output per input; _details lists both per unit', async () => {
  const service = await serveBulk();
  const url = await upload(['{}', '{}', '{}', '{}']);
  const units = { name: 'processingUnitBytesToRead', valueInteger: 5 };
  const kickOff = await startImport(service, importParameters([{ url }], [units]));
  const answer = await settled(service, pathOf(kickOff));
  const { output, error } = manifestOf(answer);
  expect(output).toHaveLength(1);
  expect(error.length).toBeGreaterThan(1);
  expect(error.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  const second = JSON.parse((await linesOf(error[1]!.url))[0]!);
  expect(second.issue[0].diagnostics).toBe(
    'Failed to process resource at line: 1 with stream start offset: 5',
  );
  const detailed = await service.call('GET', `${pathOf(kickOff)}?_details=true`);
  expect(manifestOf(detailed).output.length).toBe(3);
});

test('errors go to the container that was asked for', async () => {
  const service = await serveBulk();
  const valueString = newContainer();
  const answer = await importLines(service, ['{}'], [{ name: 'errorContainerName', valueString }]);
  expect(answer.text).toContain(`/${valueString}/`);
  expect(await blobService().getContainerClient(valueString).exists()).toBe(true);
});

test('an etag that is another one fails the job with 400; the right one passes with and without quotes', async () => {
  const service = await serveBulk();
  const url = await upload([patient('a')]);
  const wrong = await startImport(service, importParameters([{ url, etag: '0x1' }]));
  expect(wrong.status).toBe(202);
  const failed = await settled(service, pathOf(wrong));
  expect(failed.status).toBe(400);
  expect(failed.json.issue![0]!.diagnostics).toBe(
    `import operation failed for reason: Input file Etag not match. ${url}`,
  );
  const [container = '', name = ''] = new URL(url).pathname.split('/').slice(2);
  const { etag } = await blobService()
    .getContainerClient(container)
    .getBlobClient(name)
    .getProperties();
  for (const right of [etag!, etag!.replaceAll('"', '')]) {
    const kickOff = await startImport(service, importParameters([{ url, etag: right }]));
    expect((await settled(service, pathOf(kickOff))).status).toBe(200);
  }
});

test('initial mode locks the API for writes and loads what is not there yet as version 1', async () => {
  const service = await serveBulk({ initialImportMode: true });
  expect((await service.call('PUT', '/Patient/a', patient('a'))).status).toBe(423);
  expect((await service.call('DELETE', '/Patient/a')).status).toBe(423);
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
  const mode = { name: 'mode', valueString: 'InitialLoad' };
  const old = version('a', 7, '2020-01-01T00:00:00.000Z');
  const conditional = {
    ...patient('c'),
    managingOrganization: { reference: 'Organization?name=x' },
  };
  const { count, causes } = await importLines(service, [old, old, conditional], [mode]);
  expect(count).toBe(1);
  expect(causes.toSorted()).toEqual([
    'Conditional reference is not supported for $import in InitialLoad.',
    'Failed to import duplicate resource, resource id: a, line: 2',
  ]);
  expect((await service.call('GET', '/Patient/a')).json.meta!.versionId).toBe('1');
});

test('force allows InitialLoad without initial mode', async () => {
  const service = await serveBulk();
  const forced = [
    { name: 'mode', valueString: 'InitialLoad' },
    { name: 'force', valueBoolean: true },
  ];
  expect((await importLines(service, [patient('a')], forced)).count).toBe(1);
});

test('an import sends no events, unless the stand-in is told to', async () => {
  const events = 'http://127.0.0.1:9/never';
  for (const importEvents of [false, true]) {
    const service = await serveBulk({ eventsUrl: events, importEvents });
    await importLines(service, [patient('a')]);
    const { json } = await service.call('GET', '/_control/status');
    expect(json['outbox']).toBe(importEvents ? 1 : 0);
  }
});
