import { expect, test } from 'vitest';
import {
  connectionString,
  importHeaders,
  importParameters,
  pathOf,
  serveBulk,
  settled,
  startImport,
  upload,
  useStorage,
} from './bulk-services.ts';

// Kick-off and cancel of $import: facts/migration.md 2.2, from the source of the open-source FHIR server and the vendor's pages.

useStorage();

const patient = (id: string) => ({ resourceType: 'Patient', id });

test('a kick-off needs Prefer: respond-async alone and FHIR JSON', async () => {
  const service = await serveBulk();
  const parameters = importParameters([{ url: await upload([patient('a')]) }]);
  const wrong: Record<string, string>[] = [
    { 'content-type': 'application/fhir+json' },
    { ...importHeaders, prefer: 'respond-async, handling=strict' },
    { ...importHeaders, 'content-type': 'application/json' },
  ];
  for (const headers of wrong) {
    expect((await service.call('POST', '/$import', parameters, headers)).status).toBe(400);
  }
});

test('inputs that cannot be meant are 400 at the kick-off', async () => {
  const service = await serveBulk();
  const url = await upload([patient('a')]);
  const base = importParameters([{ url }]);
  const without = (name: string) => ({
    ...base,
    parameter: base.parameter.filter((parameter) => parameter.name !== name),
  });
  const withValue = (name: string, valueString: string) => ({
    ...base,
    parameter: [...without(name).parameter, { name, valueString }],
  });
  const wrong: [string, unknown][] = [
    ['no Parameters', patient('a')],
    ['no format', without('inputFormat')],
    ['another format', withValue('inputFormat', 'application/json')],
    ['no input', without('input')],
    ['another mode', withValue('mode', 'Merge')],
    ['a duplicate URL', importParameters([{ url }, { url }])],
    ['a relative URL', importParameters([{ url: 'input.ndjson' }])],
    ['a signed URL', importParameters([{ url: `${url}?sig=x` }])],
    ['another host', importParameters([{ url: 'https://elsewhere.blob.core.windows.net/c/a' }])],
    ['an unknown type', importParameters([{ url, type: 'Nothing' }])],
    ['search parameters', importParameters([{ url, type: 'SearchParameter' }])],
    ['initial load without its mode', withValue('mode', 'InitialLoad')],
  ];
  for (const [name, parameters] of wrong) {
    const answer = await startImport(service, parameters);
    expect([name, answer.status, answer.json.resourceType]).toEqual([
      name,
      400,
      'OperationOutcome',
    ]);
  }
});

test('without storage a kick-off is 400', async () => {
  const service = await serveBulk({ storage: undefined });
  const answer = await startImport(service, importParameters([{ url: 'http://127.0.0.1/a/b/c' }]));
  expect([answer.status, answer.text.includes('storage account')]).toEqual([400, true]);
});

test('the same Parameters give the same job again, also after it failed or was cancelled', async () => {
  const service = await serveBulk();
  const missing = importParameters([
    { url: (await upload([patient('a')])).replace('input', 'gone') },
  ]);
  const first = await startImport(service, missing);
  expect((await settled(service, pathOf(first))).status).toBe(400);
  expect(pathOf(await startImport(service, missing))).toBe(pathOf(first));
  const good = importParameters([{ url: await upload([patient('a')]) }]);
  const second = await startImport(service, good);
  await service.call('DELETE', pathOf(second));
  expect(pathOf(await startImport(service, good))).toBe(pathOf(second));
  const changed = {
    ...good,
    parameter: [...good.parameter, { name: 'allowNegativeVersions', valueBoolean: true }],
  };
  expect(pathOf(await startImport(service, changed))).not.toBe(pathOf(second));
});

test('a cancel may be repeated and makes polls 400; after the end it is 409; an unknown job is 404', async () => {
  const service = await serveBulk({ bulkTimeScale: 0.005 });
  const running = await startImport(
    service,
    importParameters([{ url: await upload([patient('a')]) }]),
  );
  expect((await service.call('GET', pathOf(running))).status).toBe(202);
  expect((await service.call('DELETE', pathOf(running))).status).toBe(202);
  expect((await service.call('DELETE', pathOf(running))).status).toBe(202);
  const cancelled = await service.call('GET', pathOf(running));
  expect(cancelled.status).toBe(400);
  expect(cancelled.json.issue![0]!.diagnostics).toBe('User requested cancellation of operation.');
  const done = await startImport(
    service,
    importParameters([{ url: await upload([patient('b')]) }]),
  );
  await settled(service, pathOf(done));
  expect((await service.call('DELETE', pathOf(done))).status).toBe(409);
  expect((await service.call('GET', '/_operations/import/1')).status).toBe(404);
  expect((await service.call('DELETE', '/_operations/import/1')).status).toBe(404);
});

test('the account of the connection string decides which URLs are its own', async () => {
  const service = await serveBulk({ storage: connectionString() });
  const url = new URL(await upload([patient('a')]));
  const elsewhere = `http://localhost:${url.port}${url.pathname}`;
  expect((await startImport(service, importParameters([{ url: elsewhere }]))).status).toBe(400);
});
