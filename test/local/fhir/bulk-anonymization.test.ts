import { expect, test } from 'vitest';
import {
  blobService,
  exported,
  exportHeaders,
  newContainer,
  pathOf,
  runExport,
  serveBulk,
  settled,
  tick,
  useStorage,
} from './bulk-services.ts';
import type { Door } from './running-service.ts';

// De-identified export: facts/migration.md 2.1 and the configuration of Tools-for-Health-Data-Anonymization.

useStorage();

let configs = 0;

/** Stores a configuration and returns the query that uses it. */
async function configured(rules: [string, string][], parameters: Record<string, unknown> = {}) {
  const container = blobService().getContainerClient('anonymization');
  await container.createIfNotExists();
  const name = `rules-${++configs}.json`;
  const text = JSON.stringify({
    fhirVersion: 'R4',
    processingErrors: 'raise',
    fhirPathRules: rules.map(([path, method]) => ({ path, method })),
    parameters: { cryptoHashKey: 'k', dateShiftKey: 'd', ...parameters },
  });
  await container.getBlockBlobClient(name).upload(text, text.length);
  return `?_container=${newContainer()}&_anonymizationConfig=${name}`;
}

async function served(): Promise<Door> {
  const service = await serveBulk();
  await service.call('PUT', '/Patient/p', {
    resourceType: 'Patient',
    id: 'p',
    name: [{ family: 'Family', given: ['Given'] }],
    birthDate: '1980-05-06',
    gender: 'female',
    address: [{ city: 'City' }],
  });
  await service.call('PUT', '/Observation/o', {
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: 'Patient/p' },
    effectiveDateTime: '2024-03-04T05:06:07Z',
    valueString: 'secret',
  });
  await tick();
  return service;
}

const byType = async (service: Door, query: string) => {
  const resources = await exported(await runExport(service, query));
  return Object.fromEntries(resources.map((resource) => [resource.resourceType, resource]));
};

test('redact removes, keep keeps, the first rule that names an element wins, and labels say what was done', async () => {
  const service = await served();
  const query = await configured([
    ['Patient.name.family', 'keep'],
    ['Patient.name', 'redact'],
    ["nodesByType('Address')", 'redact'],
    ["nodesByName('gender')", 'redact'],
    ['Observation.value', 'redact'],
  ]);
  const { Patient, Observation } = await byType(service, query);
  expect(Patient!['name']).toEqual([{ family: 'Family' }]);
  expect(Patient).not.toHaveProperty('address');
  expect(Patient).not.toHaveProperty('gender');
  expect(Patient!['birthDate']).toBe('1980-05-06');
  expect(Observation).not.toHaveProperty('valueString');
  expect(JSON.stringify(Patient!.meta)).toContain('REDACTED');
});

test('cryptoHash turns ids and the references to them into the same hash', async () => {
  const service = await served();
  const query = await configured([
    ['Resource.id', 'cryptoHash'],
    ["nodesByType('Reference').reference", 'cryptoHash'],
  ]);
  const { Patient, Observation } = await byType(service, query);
  expect(Patient!.id).toMatch(/^[0-9a-f]{64}$/);
  expect(Observation!['subject']).toEqual({ reference: `Patient/${Patient!.id}` });
});

test('dateShift moves dates by up to 50 days and clears times, the same way each time', async () => {
  const service = await served();
  const query = await configured([
    ["nodesByType('date')", 'dateShift'],
    ["nodesByType('dateTime')", 'dateShift'],
  ]);
  const { Patient, Observation } = await byType(service, query);
  const days = (Date.parse(String(Patient!['birthDate'])) - Date.parse('1980-05-06')) / 86_400_000;
  expect(Math.abs(days)).toBeLessThanOrEqual(50);
  expect(Observation!['effectiveDateTime']).toMatch(/^202[34]-\d\d-\d\dT00:00:00Z$/);
  const again = await byType(service, query);
  expect(again['Patient']).toEqual(Patient);
});

test('a configuration that is missing, broken or asks for more than there is fails the job with 400', async () => {
  const service = await served();
  const failure = async (query: string) => {
    const kickOff = await service.call('GET', `/$export${query}`, undefined, exportHeaders);
    const answer = await settled(service, pathOf(kickOff));
    return [answer.status, answer.json.issue![0]!.diagnostics];
  };
  const missing = `?_container=${newContainer()}&_anonymizationConfig=missing.json`;
  expect(await failure(missing)).toEqual([
    400,
    expect.stringContaining("'missing.json' not found"),
  ]);
  const generalized = await configured([['Patient.birthDate', 'generalize']]);
  expect(await failure(generalized)).toEqual([400, expect.stringContaining("'generalize'")]);
  const path = await configured([["Patient.name.where(use='official')", 'redact']]);
  expect(await failure(path)).toEqual([400, expect.stringContaining('where')]);
  const etag = `${await configured([['Patient.name', 'redact']])}&_anonymizationConfigEtag=0x1`;
  expect(await failure(etag)).toEqual([400, expect.stringContaining('etag')]);
});
