import { expect, test } from 'vitest';
import { serve } from './running-service.ts';

test('a batch answers every entry by itself, in the order asked', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', active: true });
  const answer = await service.call(
    'POST',
    '/',
    batch([
      { request: { method: 'GET', url: 'Patient/a' } },
      { request: { method: 'GET', url: 'Patient/none' } },
      { request: { method: 'POST', url: 'Device' }, resource: { resourceType: 'Device' } },
      {
        request: { method: 'PUT', url: 'Patient/a', ifMatch: 'W/"9"' },
        resource: { resourceType: 'Patient', id: 'a' },
      },
      {
        request: { method: 'POST', url: 'Patient' },
        resource: { resourceType: 'Patient', nme: 1 },
      },
      { request: { method: 'GET', url: 'Patient?active=true&_summary=count' } },
      { request: { method: 'DELETE', url: 'Device/none' } },
      {},
    ]),
  );
  expect(answer.status).toBe(200);
  expect(answer.json.type).toBe('batch-response');
  const statuses = answer.json.entry!.map(({ response }) => response!.status);
  expect(statuses).toEqual(['200', '404', '201', '412', '400', '200', '204', '400']);
  expect(answer.json.entry![1]!.response!.outcome!.resourceType).toBe('OperationOutcome');
  expect(answer.json.entry![2]!.response!.etag).toBe('W/"1"');
  expect(answer.json.entry![2]!.response!.location).toMatch(/\/Device\/[^/]+\/_history\/1$/);
  expect(answer.json.entry![5]!.resource!.total).toBe(1);
});

test('a PATCH entry is a Binary of JSON Patch and obeys ifMatch', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', gender: 'male' });
  const entry = (ifMatch: string, gender: string) => ({
    request: { method: 'PATCH', url: 'Patient/a', ifMatch },
    resource: binaryPatch([{ op: 'replace', path: '/gender', value: gender }]),
  });
  const fits = await service.call('POST', '/', batch([entry('W/"1"', 'female')]));
  expect(fits.json.entry![0]!.response).toMatchObject({ status: '200', etag: 'W/"2"' });
  const stale = await service.call('POST', '/', batch([entry('W/"1"', 'other')]));
  expect(stale.json.entry![0]!.response!.status).toBe('412');
  expect((await service.call('GET', '/Patient/a')).json['gender']).toBe('female');
});

test('a transaction resolves urn:uuid and conditional references', async () => {
  const service = await serve();
  await service.call('PUT', '/Organization/o', {
    resourceType: 'Organization',
    id: 'o',
    identifier: [{ system: 'urn:org', value: '1' }],
  });
  const answer = await service.call(
    'POST',
    '/',
    transaction([
      {
        fullUrl: 'urn:uuid:11111111-1111-1111-1111-111111111111',
        request: { method: 'POST', url: 'Observation' },
        resource: {
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: 'urn:uuid:22222222-2222-2222-2222-222222222222' },
        },
      },
      {
        fullUrl: 'urn:uuid:22222222-2222-2222-2222-222222222222',
        request: { method: 'POST', url: 'Patient' },
        resource: {
          resourceType: 'Patient',
          managingOrganization: { reference: 'Organization?identifier=urn:org|1' },
        },
      },
    ]),
  );
  expect(answer.status).toBe(200);
  const [observation, patient] = answer.json.entry!.map(({ resource }) => resource!);
  expect(observation!['subject']).toEqual({ reference: `Patient/${patient!.id}` });
  expect(patient!['managingOrganization']).toEqual({ reference: 'Organization/o' });
  const found = await service.call('GET', `/Observation?patient=${patient!.id}`);
  expect(found.json.entry).toHaveLength(1);
});

test('a transaction with one bad entry leaves nothing behind', async () => {
  const service = await serve();
  const answer = await service.call(
    'POST',
    '/',
    transaction([
      {
        request: { method: 'PUT', url: 'Patient/a' },
        resource: { resourceType: 'Patient', id: 'a' },
      },
      {
        request: { method: 'PUT', url: 'Patient/b' },
        resource: { resourceType: 'Patient', id: 'c' },
      },
    ]),
  );
  expect([answer.status, answer.json.resourceType]).toEqual([400, 'OperationOutcome']);
  expect(answer.json.issue![0]!.diagnostics).toContain("'PUT'");
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
  expect((await service.call('GET', '/_history')).json.entry).toBeUndefined();
});

test('a transaction that names one resource twice is refused', async () => {
  const service = await serve();
  const put = {
    request: { method: 'PUT', url: 'Patient/a' },
    resource: { resourceType: 'Patient', id: 'a' },
  };
  expect((await service.call('POST', '/', transaction([put, put]))).status).toBe(400);
});

test('a bundle beyond the entry limit is refused as a whole', async () => {
  const service = await serve({ maximumBundleEntries: 2 });
  const get = { request: { method: 'GET', url: 'Patient/a' } };
  const answer = await service.call('POST', '/', batch([get, get, get]));
  expect([answer.status, answer.json.resourceType]).toEqual([413, 'OperationOutcome']);
});

test('ifNoneExist in a bundle creates once, also within the same batch', async () => {
  const service = await serve();
  const create = {
    request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=urn:x|1' },
    resource: { resourceType: 'Patient', identifier: [{ system: 'urn:x', value: '1' }] },
  };
  const answer = await service.call('POST', '/', batch([create, create]));
  expect(answer.json.entry!.map(({ response }) => response!.status)).toEqual(['201', '200']);
});

function batch(entry: readonly object[]) {
  return { resourceType: 'Bundle', type: 'batch', entry };
}

function transaction(entry: readonly object[]) {
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

function binaryPatch(operations: readonly object[]) {
  return {
    resourceType: 'Binary',
    contentType: 'application/json-patch+json',
    data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  };
}
