import { expect, test } from 'vitest';
import { type Body, type Door, newFolder, serve } from './running-service.ts';

const url = 'http://example.org/SearchParameter/eye';
const eye = {
  resourceType: 'SearchParameter',
  id: 'eye',
  url,
  name: 'eye',
  status: 'active',
  description: 'Colour of the eyes',
  code: 'eye-colour',
  base: ['Patient'],
  type: 'token',
  expression: "Patient.extension.where(url = 'urn:eye').value.ofType(code)",
};
const patient = (id: string, colour: string): Body => ({
  resourceType: 'Patient',
  id,
  extension: [{ url: 'urn:eye', valueCode: colour }],
});
const put = async (service: Door, resource: Body) => {
  const path = `/${resource.resourceType}/${resource.id}`;
  expect((await service.call('PUT', path, resource)).status).toBeLessThan(300);
};
const parameters = (body: Body) =>
  Object.fromEntries(
    (body['parameter'] as Record<string, unknown>[]).map(({ name, ...value }) => [
      name,
      Object.values(value)[0],
    ]),
  );

async function reindex(service: Door): Promise<Record<string, unknown>> {
  const started = await service.call('POST', '/$reindex', {
    resourceType: 'Parameters',
    parameter: [],
  });
  expect(started.status).toBe(201);
  const location = started.headers.get('content-location')!.slice(service.url.length);
  expect(location).toMatch(/^\/_operations\/reindex\/\d+$/);
  await expect
    .poll(async () => parameters((await service.call('GET', location)).json)['status'])
    .toBe('Completed');
  return parameters((await service.call('GET', location)).json);
}

async function found(service: Door, query: string) {
  const { json } = await service.call('GET', `/Patient?${query}`);
  return (json.entry ?? []).flatMap(({ resource, search }) =>
    search!.mode === 'match' ? [resource!.id] : [],
  );
}

async function status(service: Door, asked = url) {
  const { json } = await service.call('GET', `/SearchParameter/$status?url=${asked}`);
  return JSON.stringify(json['parameter']);
}

test('a custom parameter cannot be searched by until a reindex: lenient ignores it, strict refuses', async () => {
  const service = await serve();
  await put(service, patient('a', 'blue'));
  await put(service, patient('b', 'brown'));
  expect((await service.call('POST', '/SearchParameter', eye)).status).toBe(201);
  expect(await status(service)).toContain('Supported');
  expect(await found(service, 'eye-colour=blue')).toEqual(['a', 'b']);
  const strict = await service.call('GET', '/Patient?eye-colour=blue', undefined, {
    prefer: 'handling=strict',
  });
  expect(strict.status).toBe(400);
  expect(await reindex(service)).toMatchObject({
    totalResourcesToReindex: 2,
    resourcesSuccessfullyReindexed: 2,
    progress: 100,
    searchParams: url,
    resources: 'Patient',
  });
  expect(await status(service)).toContain('Enabled');
  expect(await found(service, 'eye-colour=blue')).toEqual(['a']);
  await put(service, patient('a', 'green'));
  expect(await found(service, 'eye-colour=blue')).toEqual([]);
  expect(await found(service, 'eye-colour=green')).toEqual(['a']);
  const metadata = await service.call('GET', '/metadata');
  expect(metadata.text).toContain('eye-colour');
});

test('what is written after the parameter is indexed at once: its reindex reads nothing again', async () => {
  const service = await serve();
  await put(service, eye);
  await put(service, patient('a', 'blue'));
  expect(await reindex(service)).toMatchObject({ totalResourcesToReindex: 0 });
  expect(await found(service, 'eye-colour=blue')).toEqual(['a']);
});

test('a changed expression counts only after the next reindex, and leaves nothing of the old one', async () => {
  const service = await serve();
  await put(service, eye);
  await put(service, patient('a', 'blue'));
  await reindex(service);
  await put(service, { ...eye, expression: 'Patient.gender' });
  expect(await status(service)).toContain('Supported');
  await reindex(service);
  expect(await found(service, 'eye-colour=blue')).toEqual([]);
});

test('a deleted parameter is gone from searches at once and from the list after a reindex', async () => {
  const service = await serve();
  await put(service, eye);
  await put(service, patient('a', 'blue'));
  await put(service, patient('b', 'brown'));
  await reindex(service);
  expect((await service.call('DELETE', '/SearchParameter/eye')).status).toBe(204);
  expect(await found(service, 'eye-colour=blue')).toEqual(['a', 'b']);
  await reindex(service);
  expect((await service.call('GET', `/SearchParameter/$status?url=${url}`)).status).toBe(404);
});

test('a SearchParameter that cannot be is refused: conflicts, no expression, composite', async () => {
  const service = await serve();
  await put(service, eye);
  const { id: _id, expression: _expression, ...bare } = eye;
  for (const wrong of [
    { ...bare, expression: eye.expression },
    { ...bare, url: 'urn:other' },
    { ...bare, url: 'urn:other', expression: 'Patient.gender' },
    { ...bare, url: 'urn:birth', code: 'birthdate', expression: 'Patient.gender' },
    { ...bare, url: 'urn:c', code: 'c', type: 'composite', expression: 'Patient' },
  ]) {
    const answer = await service.call('POST', '/SearchParameter', wrong);
    expect([answer.status, answer.json.resourceType]).toEqual([400, 'OperationOutcome']);
  }
});

test('there is one active reindex; a second POST gets it; an ended one cannot be cancelled', async () => {
  const service = await serve({ bulkTimeScale: 0.005 });
  const body = { resourceType: 'Parameters', parameter: [] };
  const [first, second] = await Promise.all([
    service.call('POST', '/$reindex', body),
    service.call('POST', '/$reindex', body),
  ]);
  expect(second.headers.get('content-location')).toBe(first.headers.get('content-location'));
  const location = first.headers.get('content-location')!.slice(service.url.length);
  await expect
    .poll(async () => parameters((await service.call('GET', location)).json)['status'])
    .toBe('Completed');
  expect((await service.call('DELETE', location)).status).toBe(400);
  expect((await service.call('GET', '/_operations/reindex/99')).status).toBe(404);
  const wrong = {
    resourceType: 'Parameters',
    parameter: [{ name: 'maximumNumberOfResourcesPerQuery', valueString: 'many' }],
  };
  expect((await service.call('POST', '/$reindex', wrong)).status).toBe(400);
});

test('$status disables a built-in parameter with the next reindex and enables it again', async () => {
  const service = await serve();
  const gender = 'http://hl7.org/fhir/SearchParameter/individual-gender';
  await put(service, { resourceType: 'Patient', id: 'm', gender: 'male' });
  await put(service, { resourceType: 'Patient', id: 'f', gender: 'female' });
  const set = (valueString: string) =>
    service.call('PUT', '/SearchParameter/$status', {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'searchParameterStatus',
          part: [
            { name: 'url', valueUrl: gender },
            { name: 'status', valueString },
          ],
        },
      ],
    });
  expect((await set('Disabled')).status).toBe(200);
  expect(await status(service, gender)).toContain('PendingDisable');
  await reindex(service);
  expect(await status(service, gender)).toContain('Disabled');
  expect(await found(service, 'gender=male')).toEqual(['m', 'f']);
  await set('Supported');
  await reindex(service);
  expect(await found(service, 'gender=male')).toEqual(['m']);
  expect((await set('Enabled')).text).toContain('can be set to Supported or Disabled only');
});

test('$reindex of one resource tells its index values', async () => {
  const service = await serve();
  await put(service, eye);
  await put(service, patient('a', 'blue'));
  const { json } = await service.call('POST', '/Patient/a/$reindex');
  expect(parameters(json)).toMatchObject({ originalResourceId: 'a', 'eye-colour': 'blue' });
});

test('parameters and their states outlive the service', async () => {
  const dataFolder = newFolder();
  const before = await serve({ dataFolder });
  await put(before, patient('a', 'blue'));
  await put(before, patient('b', 'brown'));
  await put(before, eye);
  await reindex(before);
  await before.close();
  const after = await serve({ dataFolder });
  expect(await status(after)).toContain('Enabled');
  expect(await found(after, 'eye-colour=blue')).toEqual(['a']);
});
