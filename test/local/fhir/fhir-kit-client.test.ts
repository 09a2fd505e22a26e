import { Client } from 'fhir-kit-client';
import { expect, test } from 'vitest';
import { startFhir } from '../../../local/fhir/index.ts';
import { serve } from './running-service.ts';

// Interactions of R4 http.html, sent by a client that is not ours.

const patient = (id: string, family: string) => ({
  resourceType: 'Patient',
  id,
  active: true,
  name: [{ family }],
});

async function open(): Promise<Client> {
  return new Client({ baseUrl: (await serve()).url });
}

test('capabilities, create, read, update, vread and history', async () => {
  const client = await open();
  expect(await client.capabilityStatement()).toMatchObject({ fhirVersion: '4.0.1' });
  const made = await client.create({ resourceType: 'Patient', body: patient('x', 'One') });
  const id = String(made['id']);
  expect(await client.read({ resourceType: 'Patient', id })).toMatchObject({
    meta: { versionId: '1' },
    name: [{ family: 'One' }],
  });
  await client.update({ resourceType: 'Patient', id, body: patient(id, 'Two') });
  const first = await client.vread({ resourceType: 'Patient', id, version: '1' });
  expect(first).toMatchObject({ name: [{ family: 'One' }] });
  const history = await client.history({ resourceType: 'Patient', id });
  expect(history).toMatchObject({ type: 'history', total: 2 });
  expect(await client.history({ resourceType: 'Patient' })).toMatchObject({ type: 'history' });
  expect(await client.history({})).toMatchObject({ type: 'history' });
});

test('a delete is 410 afterwards, and what never was is 404, as OperationOutcomes', async () => {
  const client = await open();
  await client.update({ resourceType: 'Patient', id: 'a', body: patient('a', 'One') });
  await client.delete({ resourceType: 'Patient', id: 'a' });
  const outcome = { resourceType: 'OperationOutcome' };
  await expect(client.read({ resourceType: 'Patient', id: 'a' })).rejects.toMatchObject({
    response: { status: 410, data: outcome },
  });
  await expect(client.read({ resourceType: 'Patient', id: 'b' })).rejects.toMatchObject({
    response: { status: 404, data: outcome },
  });
});

test('searches of a type, of the system and of a compartment, and the next page', async () => {
  const client = await open();
  for (const id of ['a', 'b', 'c']) {
    await client.update({ resourceType: 'Patient', id, body: patient(id, `Name ${id}`) });
  }
  const body = {
    ...{ resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } },
    subject: { reference: 'Patient/a' },
  };
  await client.update({ resourceType: 'Observation', id: 'o', body });
  const searchParams = { family: 'name', _count: 2 };
  const first = await client.resourceSearch({ resourceType: 'Patient', searchParams });
  expect(first['entry']).toHaveLength(2);
  type Page = Parameters<Client['nextPage']>[0]['bundle'];
  const second = await client.nextPage({ bundle: first as Page });
  const idsOf = (bundle: unknown) =>
    [Object(bundle).entry].flat().map((entry) => String(entry?.resource?.id));
  expect([...idsOf(first), ...idsOf(second)].toSorted()).toEqual(['a', 'b', 'c']);
  const posted = await client.resourceSearch({
    ...{ resourceType: 'Patient', searchParams: { _id: 'b' } },
    options: { postSearch: true },
  });
  expect(posted['entry']).toMatchObject([{ resource: { id: 'b' } }]);
  const system = await client.systemSearch({ searchParams: { _type: 'Patient,Observation' } });
  expect(system['entry']).toHaveLength(4);
  const compartment = { resourceType: 'Patient', id: 'a' };
  const ofOne = await client.compartmentSearch({ resourceType: 'Observation', compartment });
  expect(ofOne['entry']).toMatchObject([{ resource: { id: 'o' } }]);
  const everything = await client.operation({
    name: 'everything',
    resourceType: 'Patient',
    id: 'a',
    method: 'GET',
  });
  expect(everything['entry']).toHaveLength(2);
});

test('a batch and a transaction with a reference inside', async () => {
  const client = await open();
  const placeholder = 'urn:uuid:11111111-1111-4111-8111-111111111111';
  const observation = {
    ...{ resourceType: 'Observation', status: 'final', code: { text: 'x' } },
    subject: { reference: placeholder },
  };
  const answer = await client.transaction({
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: placeholder,
          resource: { resourceType: 'Patient' },
          request: { method: 'POST', url: 'Patient' },
        },
        { resource: observation, request: { method: 'POST', url: 'Observation' } },
      ],
    },
  });
  expect(answer).toMatchObject({
    type: 'transaction-response',
    entry: [{ response: { status: expect.stringMatching(/^201/) } }, {}],
  });
  const batch = await client.batch({
    body: {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: 'Observation' } },
        { request: { method: 'GET', url: 'Patient/none' } },
      ],
    },
  });
  expect(batch).toMatchObject({
    type: 'batch-response',
    entry: [
      { response: { status: expect.stringMatching(/^200/) } },
      { response: { status: expect.stringMatching(/^404/) } },
    ],
  });
});

test('faults are scripted and seeded in process as over the control endpoint', async () => {
  const service = await startFhir({ port: 0 });
  try {
    const client = new Client({ baseUrl: service.url });
    const search = () => client.resourceSearch({ resourceType: 'Patient', searchParams: {} });
    service.strike({ path: '^/Patient', status: 503, times: 1 });
    await expect(search()).rejects.toMatchObject({ response: { status: 503 } });
    expect(await search()).toMatchObject({ type: 'searchset' });
    service.strike({ seed: 1, rates: { error500: 1 } });
    await expect(search()).rejects.toMatchObject({ response: { status: 500 } });
    service.calm();
    expect(await search()).toMatchObject({ type: 'searchset' });
  } finally {
    await service.close();
  }
});
