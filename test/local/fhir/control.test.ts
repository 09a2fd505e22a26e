import { expect, test } from 'vitest';
import { serve } from './running-service.ts';

test('calls are counted by the product of the user agent and by kind', async () => {
  const service = await serve();
  const agent = { 'user-agent': 'fhir-dataverse-sync/1.2' };
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' }, agent);
  await service.call('GET', '/Patient/a', undefined, agent);
  await service.call('GET', '/Patient?_id=a', undefined, agent);
  await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch' }, agent);
  await service.call('GET', '/metadata', undefined, { 'user-agent': 'other' });
  const { json } = await service.call('GET', '/_control/status');
  expect(json).toMatchObject({
    idle: true,
    outbox: 0,
    resources: 1,
    calls: { 'fhir-dataverse-sync': 4, other: 1 },
    callsByKind: {
      'fhir-dataverse-sync': { write: 1, read: 1, search: 1, batch: 1 },
      other: { other: 1 },
    },
  });
});

test('the write log gives every write in order with its author', async () => {
  const service = await serve();
  const agent = { 'user-agent': 'fhir-dataverse-sync/1.2' };
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  await service.call(
    'PUT',
    '/Patient/a',
    { resourceType: 'Patient', id: 'a', active: true },
    agent,
  );
  await service.call('DELETE', '/Patient/a');
  const { json } = await service.call('GET', '/_control/writes?since=0');
  const writes = json['writes'] as {
    sequence: number;
    version: number;
    kind: string;
    userAgent: string;
  }[];
  expect(writes.map(({ version, kind, userAgent }) => [version, kind, userAgent])).toEqual([
    [1, 'create', 'node'],
    [2, 'update', 'fhir-dataverse-sync'],
    [3, 'delete', 'node'],
  ]);
  const rest = await service.call('GET', `/_control/writes?since=${writes[1]!.sequence}`);
  expect(rest.json['writes']).toHaveLength(1);
  await service.call('PUT', '/Patient/b', { resourceType: 'Patient', id: 'b' });
  await service.call('DELETE', '/Patient/b?hardDelete=true');
  const erased = await service.call('GET', `/_control/writes?since=${writes[2]!.sequence}`);
  expect(erased.json['writes']).toMatchObject([{ id: 'b', kind: 'hard-delete', version: null }]);
});

test('a scripted fault answers as told, as often as told, and only where told', async () => {
  const service = await serve();
  const headers = { 'retry-after': '7', 'x-ms-retry-after-ms': '7000' };
  await service.call('POST', '/_control/faults', {
    path: '^/Patient',
    method: 'GET',
    times: 2,
    status: 429,
    headers,
  });
  expect((await service.call('GET', '/Device/x')).status).toBe(404);
  const throttled = await service.call('GET', '/Patient/x');
  expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
  expect(throttled.json.resourceType).toBe('OperationOutcome');
  expect((await service.call('GET', '/Patient/x')).status).toBe(429);
  expect((await service.call('GET', '/Patient/x')).status).toBe(404);
});

test('a torn connection loses the answer before or after the commit', async () => {
  const service = await serve();
  const put = (id: string) =>
    service.call('PUT', `/Patient/${id}`, { resourceType: 'Patient', id });
  await service.call('POST', '/_control/faults', [
    { method: 'PUT', torn: 'before' },
    { method: 'PUT', torn: 'after' },
  ]);
  await expect(put('a')).rejects.toThrow();
  await expect(put('b')).rejects.toThrow();
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
  expect((await service.call('GET', '/Patient/b')).status).toBe(200);
});

test('a fault script that cannot be meant is refused', async () => {
  const service = await serve();
  expect((await service.call('POST', '/_control/faults', { status: 200 })).status).toBe(400);
  expect((await service.call('POST', '/_control/faults', { path: '(' })).status).toBe(400);
  expect((await service.call('GET', '/_control/nothing')).status).toBe(404);
});
