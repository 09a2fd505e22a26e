import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const type = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' };
const bulk = (message: string, Targets: readonly unknown[], entitySet = 'contacts') =>
  service.call('POST', `${entitySet}/Microsoft.Dynamics.CRM.${message}`, { Targets });
const total = async () => Number((await service.call('GET', 'contacts/$count')).text.trim());

describe('A5: bulk messages', () => {
  test('CreateMultiple answers the ids in order', async () => {
    const { status, json } = await bulk('CreateMultiple', [
      { ...type, lastname: 'a' },
      { ...type, lastname: 'b' },
    ]);
    expect(status).toBe(200);
    const ids = json['Ids'];
    const names = [];
    for (const id of Array.isArray(ids) ? ids : []) {
      names.push((await service.call('GET', `contacts(${id})`)).json['lastname']);
    }
    expect(names).toEqual(['a', 'b']);
  });

  test('UpdateMultiple and UpsertMultiple answer 204 without ids', async () => {
    const id = await service.create('contacts', { lastname: 'a' });
    const update = await bulk('UpdateMultiple', [{ ...type, contactid: id, lastname: 'b' }]);
    const key = "contacts(msemr_azurefhirid='bulk-1')";
    const upsert = await bulk('UpsertMultiple', [
      { ...type, '@odata.id': key, lastname: 'made' },
      { ...type, contactid: id, firstname: 'c' },
    ]);
    expect([update.status, upsert.status, upsert.text]).toEqual([204, 204, '']);
    expect((await service.call('GET', key)).json['lastname']).toBe('made');
    expect((await service.call('GET', `contacts(${id})`)).json['fullname']).toBe('c b');
  });

  test('any failing row rolls all back and the error names none', async () => {
    const before = await total();
    const bad = { ...type, lastname: 'x', gendercode: 99 };
    const { status } = await bulk('CreateMultiple', [{ ...type, lastname: 'a' }, bad]);
    const missing = await bulk('UpdateMultiple', [{ ...type, contactid: randomUUID() }]);
    expect([status, missing.status, await total()]).toEqual([400, 404, before]);
  });

  test('every item needs its type', async () => {
    expect((await bulk('CreateMultiple', [{ lastname: 'a' }])).status).toBe(400);
  });

  test('a table may lack a message, and sdkmessagefilters says which it has', async () => {
    const query = (table: string) =>
      `sdkmessagefilters?$select=sdkmessagefilterid&${filter(
        `sdkmessageid/name eq 'UpsertMultiple' and primaryobjecttypecode eq '${table}'`,
      )}`;
    expect((await service.call('GET', query('contact'))).json['value']).toHaveLength(1);
    expect((await service.call('GET', query('new_nobulk'))).json['value']).toHaveLength(0);
    const item = { '@odata.type': 'Microsoft.Dynamics.CRM.new_nobulk', new_nobulkid: randomUUID() };
    expect((await bulk('UpsertMultiple', [item], 'new_nobulks')).status).toBe(400);
    expect((await bulk('CreateMultiple', [item], 'new_nobulks')).status).toBe(200);
  });

  test('DeleteMultiple does not exist on standard tables', async () => {
    expect((await bulk('DeleteMultiple', [])).status).toBe(400);
  });
});
