import { expect, test } from 'vitest';
import { serve } from './running-service.ts';

const byMrn = 'identifier=urn:mrn|1';

test('If-None-Exist creates once; several matches are refused with 412', async () => {
  const service = await serve();
  const create = () => service.call('POST', '/Patient', patient(), { 'if-none-exist': byMrn });
  const first = await create();
  const second = await create();
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.json.id).toBe(first.json.id);
  await service.call('POST', '/Patient', patient());
  expect((await create()).status).toBe(412);
});

test('a conditional update creates, then updates the match, and refuses several', async () => {
  const service = await serve();
  const created = await service.call('PUT', `/Patient?${byMrn}`, patient());
  const updated = await service.call('PUT', `/Patient?${byMrn}`, { ...patient(), active: true });
  expect([created.status, updated.status]).toEqual([201, 200]);
  expect([updated.json.id, updated.json.meta?.versionId]).toEqual([created.json.id, '2']);
  await service.call('POST', '/Patient', patient());
  expect((await service.call('PUT', `/Patient?${byMrn}`, patient())).status).toBe(412);
});

test('a conditional delete takes the one match and never guesses', async () => {
  const service = await serve();
  expect((await service.call('DELETE', `/Patient?${byMrn}`)).status).toBe(204);
  const { json } = await service.call('POST', '/Patient', patient());
  await service.call('POST', '/Patient', patient());
  expect((await service.call('DELETE', `/Patient?${byMrn}`)).status).toBe(412);
  await service.call('DELETE', `/Patient/${json.id}`);
  expect((await service.call('DELETE', `/Patient?${byMrn}`)).status).toBe(204);
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(0);
});

test('a condition that the service cannot evaluate never writes', async () => {
  const service = await serve();
  await service.call('POST', '/Patient', patient());
  expect((await service.call('DELETE', '/Patient?colour=red')).status).toBe(400);
  expect((await service.call('DELETE', '/Patient')).status).toBe(400);
  expect((await service.call('PUT', '/Patient?colour=red', patient())).status).toBe(400);
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(1);
});

test('If-Match on a resource that never existed is 404', async () => {
  const service = await serve();
  const body = { ...patient(), id: 'a' };
  const answer = await service.call('PUT', '/Patient/a', body, { 'if-match': 'W/"1"' });
  expect(answer.status).toBe(404);
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
});

function patient() {
  return { resourceType: 'Patient', identifier: [{ system: 'urn:mrn', value: '1' }] };
}
