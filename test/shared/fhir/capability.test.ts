import { describe, expect, test } from 'vitest';
import { createFhirClient } from '../../../shared/fhir/index.ts';
import { failureOf, patient, script } from './scripted-server.ts';

const statement = {
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  software: { name: 'Azure FHIR', version: '4.0' },
  rest: [
    { mode: 'client' },
    {
      mode: 'server',
      interaction: [{ code: 'batch' }, { code: 'transaction' }],
      operation: [{ name: '$export' }, { name: 'import' }],
      resource: [{ type: 'Patient', interaction: [{ code: 'read' }, { code: 'patch' }] }],
    },
  ],
};

test('a capability statement is reduced to what the product depends on', async () => {
  const { client, seen } = await script(() => ({ body: statement }));
  expect(await client.capability()).toEqual({
    fhirVersion: '4.0.1',
    software: 'Azure FHIR 4.0',
    resourceTypes: ['Patient'],
    interactions: ['batch', 'transaction'],
    operations: ['export', 'import'],
    problems: [],
  });
  expect(seen[0]?.path).toBe('/metadata');
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['R5', { ...statement, fhirVersion: '5.0.0' }, /FHIR version/],
  ['R4B', { ...statement, fhirVersion: '4.3.0' }, /FHIR version/],
  ['no batch', { ...statement, rest: [{ ...statement.rest[1], interaction: [] }] }, /Batch/],
  ['no patch', { ...statement, rest: [{ ...statement.rest[1], resource: [] }] }, /PATCH/],
])('%s is named as a problem with its remedy', async (_, body, problem) => {
  const { client } = await script(() => ({ body }));
  const { problems } = await client.capability();
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(problem);
  expect(problems[0]).toMatch(/; .*\.$/);
});

test('anything but a capability statement is thrown', async () => {
  const { client } = await script(() => ({ body: patient('p1') }));
  expect(await failureOf(client.capability())).toMatchObject({ code: 'RESPONSE_UNREADABLE' });
  const { client: missing } = await script(() => ({ status: 404 }));
  expect(await failureOf(missing.capability())).toMatchObject({ code: 'FHIR_REFUSED' });
});

describe('settings that cannot work are refused at once', () => {
  const send = async () => ({ status: 200, headers: new Headers(), text: '' });
  test.each([
    '',
    'fhir.example',
    'ftp://fhir.example',
    'https://fhir.example?x=1',
    'https://fhir.example#x',
  ])('the URL %j', (url) => {
    expect(() => createFhirClient({ url, send })).toThrow(/CONFIG_INVALID.*absolute http/);
  });

  test.each([0, -1, 1.5, Number.NaN])('the batch size %d', (batchSize) => {
    expect(() => createFhirClient({ url: 'http://x', send, batchSize })).toThrow(/CONFIG_INVALID/);
  });
});
