import { expect, test } from 'vitest';
import { generatePatients } from '../../../local/seed/index.ts';
import {
  exported,
  importParameters,
  manifestOf,
  pathOf,
  runExport,
  serveBulk,
  settled,
  startImport,
  tick,
  useStorage,
} from './bulk-services.ts';
import type { Door } from './running-service.ts';

// What facts/migration.md 2.1 and 2.3 promise together: an export is an import.

useStorage();

const everything = '?includeAssociatedData=_history,_deleted';

/** A service with charts, several versions of some resources and some deletions. */
async function fill(service: Door): Promise<void> {
  for (const { resources } of generatePatients({ seed: 7, patients: 2 })) {
    for (const resource of resources) {
      const path = `/${resource.resourceType}/${resource.id}`;
      await service.call('PUT', path, resource);
    }
  }
  // Two versions of one millisecond would be one to an import: facts/migration.md 2.3 (2) and (9).
  const patient = async (text: string) => {
    await tick();
    await service.call('PUT', '/Patient/x', text);
  };
  await patient('{"resourceType":"Patient","id":"x","active":true}');
  await patient('{"resourceType":"Patient","id":"x","active":false}');
  await tick();
  await service.call('DELETE', '/Patient/x');
  await patient('{"resourceType":"Patient","id":"x","gender":"other"}');
  await service.call('PUT', '/Patient/gone', '{"resourceType":"Patient","id":"gone"}');
  await tick();
  await service.call('DELETE', '/Patient/gone');
  await service.call(
    'PUT',
    '/Observation/exact',
    '{"resourceType":"Observation","id":"exact","status":"final","code":{"text":"x"},"valueQuantity":{"value":0.50}}',
  );
}

async function importFrom(target: Door, source: Door, query: string) {
  const { output } = await runExport(source, query);
  const inputs = output.map(({ type, url }) => ({ url, type: type! }));
  const kickOff = await startImport(target, importParameters(inputs));
  return { output, result: manifestOf(await settled(target, pathOf(kickOff))) };
}

test('an export of one service, imported by another, brings every version as it was', async () => {
  const source = await serveBulk();
  const target = await serveBulk();
  await fill(source);
  const { output, result } = await importFrom(target, source, everything);
  expect(result.error).toEqual([]);
  expect(result.output.map(({ count }) => count)).toEqual(output.map(({ count }) => count));
  const before = await exported(await runExport(source, everything));
  const after = await exported(await runExport(target, everything));
  expect(after.length).toBeGreaterThan(80);
  expect(after).toEqual(before);
  for (const path of ['/Patient/x/_history', '/Patient/gone/_history']) {
    const texts = await Promise.all(
      [source, target].map(async (door) => {
        const { json } = await door.call('GET', path);
        return JSON.stringify(json.entry?.map(({ resource }) => resource));
      }),
    );
    expect(texts[1]).toBe(texts[0]);
  }
  const exact = await Promise.all(
    [source, target].map((door) => door.call('GET', '/Observation/exact')),
  );
  expect(exact[1]!.text).toBe(exact[0]!.text);
});

test('importing the same export again changes nothing', async () => {
  const source = await serveBulk();
  const target = await serveBulk();
  await fill(source);
  await importFrom(target, source, everything);
  const before = await exported(await runExport(target, everything));
  const again = await importFrom(target, source, everything);
  expect(again.result.error).toEqual([]);
  expect(await exported(await runExport(target, everything))).toEqual(before);
});

test('windows of exports, imported one after another in any order, add up to the whole', async () => {
  const source = await serveBulk();
  const target = await serveBulk();
  await fill(source);
  await tick();
  const middle = new Date().toISOString();
  await tick();
  await fill(source);
  await tick();
  const end = new Date().toISOString();
  const windows = [`_since=${middle}&_till=${end}`, `_till=${middle}`];
  for (const window of windows) {
    const { result } = await importFrom(target, source, `${everything}&${window}`);
    expect(result.error).toEqual([]);
  }
  const before = await exported(await runExport(source, `${everything}&_till=${end}`));
  expect(await exported(await runExport(target, everything))).toEqual(before);
});

test('writes during an export of a window do not change it', async () => {
  const source = await serveBulk();
  await fill(source);
  await tick();
  const till = new Date().toISOString();
  await tick();
  const before = await exported(await runExport(source, `?_till=${till}`));
  const writing = fill(source);
  const during = await exported(await runExport(source, `?_till=${till}&_maxCount=5`));
  await writing;
  const byKey = (resources: typeof before) =>
    resources.map((resource) => JSON.stringify(resource)).toSorted();
  expect(byKey(during)).toEqual(byKey(before));
});

test('requests are answered while a large import runs', async () => {
  const target = await serveBulk();
  const source = await serveBulk();
  await fill(source);
  const { output } = await runExport(source, everything);
  const kickOff = await startImport(
    target,
    importParameters(output.map(({ url, type }) => ({ url, type: type! }))),
  );
  const written = await target.call(
    'PUT',
    '/Patient/meanwhile',
    '{"resourceType":"Patient","id":"meanwhile"}',
  );
  expect(written.status).toBe(201);
  expect((await settled(target, pathOf(kickOff))).status).toBe(200);
  expect((await target.call('GET', '/Patient/meanwhile')).status).toBe(200);
});
