import { expect, test } from 'vitest';
import {
  exportHeaders,
  importHeaders,
  importParameters,
  serveBulk,
  upload,
  useStorage,
  version,
} from './bulk-services.ts';

// facts/migration.md 2.1 and 2.2: 403 without the role; Microsoft, "Configure Azure RBAC for FHIR".

useStorage();

test('$import needs FHIR Data Importer and $export FHIR Data Exporter: 403 without, 401 without a token', async () => {
  const service = await serveBulk();
  await service.call('POST', '/_control/roles', {
    importer: ['FHIR Data Importer'],
    exporter: ['FHIR Data Exporter'],
    none: [],
  });
  const body = importParameters([{ url: await upload([version('a', 1, '2024-01-01T00:00:00Z')]) }]);
  const statuses = async (token: string) => {
    const authorization = token === '' ? {} : { authorization: `Bearer ${token}` };
    const started = await service.call('POST', '/$import', body, {
      ...importHeaders,
      ...authorization,
    });
    const exported = await service.call('GET', '/$export', undefined, {
      ...exportHeaders,
      ...authorization,
    });
    return [started.status, exported.status];
  };
  expect(await statuses('none')).toEqual([403, 403]);
  expect(await statuses('exporter')).toEqual([403, 202]);
  expect(await statuses('importer')).toEqual([202, 403]);
  expect(await statuses('stranger')).toEqual([401, 401]);
  expect(await statuses('')).toEqual([401, 401]);
});

test('readers read, writers write, and only contributors delete for good', async () => {
  const service = await serveBulk();
  await service.call('POST', '/_control/roles', {
    reader: ['FHIR Data Reader'],
    writer: ['FHIR Data Writer'],
    contributor: ['FHIR Data Contributor'],
  });
  const as = (token: string) => ({ authorization: `Bearer ${token}` });
  const patient = { resourceType: 'Patient', id: 'a' };
  const put = (token: string) => service.call('PUT', '/Patient/a', patient, as(token));
  const drop = (token: string) =>
    service.call('DELETE', '/Patient/a?hardDelete=true', undefined, as(token));
  const refused = await put('reader');
  expect([refused.status, refused.json.issue?.[0]?.code]).toEqual([403, 'forbidden']);
  expect((await put('writer')).status).toBe(201);
  expect((await service.call('GET', '/Patient/a', undefined, as('reader'))).status).toBe(200);
  expect((await drop('writer')).status).toBe(403);
  expect((await drop('contributor')).status).toBe(204);
  expect((await service.call('GET', '/metadata')).status).toBe(200);
  await service.call('DELETE', '/_control/roles');
  expect((await service.call('GET', '/Patient/a')).status).toBe(404);
});

test('a role that does not exist is refused by name', async () => {
  const service = await serveBulk();
  const answer = await service.call('POST', '/_control/roles', { token: ['King'] });
  expect([answer.status, answer.json.issue?.[0]?.diagnostics]).toEqual([
    400,
    expect.stringContaining('FHIR Data Importer'),
  ]);
});
