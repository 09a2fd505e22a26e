import { randomUUID } from 'node:crypto';
import { DynamicsWebApi } from 'dynamics-web-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
let client: DynamicsWebApi;
beforeAll(async () => {
  service = await startService();
  client = new DynamicsWebApi({
    serverUrl: service.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: async () => 'token',
  });
});
afterAll(() => service.close());

describe('the public client dynamics-web-api 2.5.0', () => {
  test('creates, retrieves with expand, updates and deletes', async () => {
    const id = await client.create({ collection: 'contacts', data: { lastname: 'Client' } });
    const thing = await client.create({
      collection: 'new_things',
      data: { new_name: 'by client', 'new_Parent@odata.bind': `contacts(${id})` },
      returnRepresentation: true,
      select: ['new_name'],
    });
    expect(thing).toMatchObject({ new_name: 'by client' });
    const read = await client.retrieve({
      collection: 'new_things',
      key: String(Reflect.get(thing, 'new_thingid')),
      select: ['new_name', '_new_parent_value'],
      expand: [{ property: 'new_Parent', select: ['lastname'] }],
      includeAnnotations: '*',
    });
    expect(read).toMatchObject({ _new_parent_value: id, new_Parent: { lastname: 'Client' } });
    await client.update({ collection: 'contacts', key: String(id), data: { lastname: 'New' } });
    await client.deleteRecord({ collection: 'contacts', key: String(id) });
    await expect(
      client.retrieve({ collection: 'contacts', key: String(id) }),
    ).rejects.toMatchObject({ status: 404, code: '0x80040217' });
  });

  test('upserts with ifmatch and ifnonematch', async () => {
    const key = randomUUID();
    const data = { lastname: 'A' };
    const upsert = (options: object) =>
      client.upsert({ collection: 'contacts', key, data, ...options });
    await expect(upsert({ ifmatch: '*' })).resolves.toBeNull();
    await upsert({ ifnonematch: '*' });
    await expect(upsert({ ifnonematch: '*' })).resolves.toBeNull();
  });

  test('retrieves all pages and counts', async () => {
    for (let count = 0; count < 5; count += 1) {
      await client.create({ collection: 'accounts', data: { name: `Page ${count}` } });
    }
    const { value } = await client.retrieveAll({
      collection: 'accounts',
      select: ['name'],
      filter: "startswith(name,'Page')",
      maxPageSize: 2,
    });
    expect(value).toHaveLength(5);
    expect(await client.count({ collection: 'accounts' })).toBe(5);
  });

  test('runs a batch with a change set and a content id', async () => {
    client.startBatch();
    void client.create({ collection: 'contacts', data: { lastname: 'Batch' }, contentId: '1' });
    void client.create({
      collection: 'new_things',
      data: { new_name: 'batched', 'new_Parent@odata.bind': '$1' },
      contentId: '2',
    });
    void client.retrieveMultiple({
      collection: 'contacts',
      select: ['lastname'],
      filter: "lastname eq 'none'",
      inChangeSet: false,
    });
    const results = await client.executeBatch();
    expect(results).toHaveLength(3);
    const { json } = await service.call('GET', "new_things(new_name='batched')?$expand=new_Parent");
    expect(json['new_Parent']).toMatchObject({ lastname: 'Batch' });
  });

  test('calls UpsertMultiple as an action', async () => {
    await client.callAction({
      collection: 'contacts',
      actionName: 'Microsoft.Dynamics.CRM.UpsertMultiple',
      action: {
        Targets: [
          {
            '@odata.type': 'Microsoft.Dynamics.CRM.contact',
            contactid: randomUUID(),
            lastname: 'M',
          },
        ],
      },
    });
    const { value } = await client.retrieveMultiple({
      collection: 'contacts',
      filter: "lastname eq 'M'",
    });
    expect(value).toHaveLength(1);
  });

  test('reads metadata', async () => {
    const { value } = await client.retrieveEntities({
      select: ['LogicalName', 'EntitySetName'],
      filter: "LogicalName eq 'new_thing'",
    });
    const [entity] = value ?? [];
    expect(entity).toMatchObject({ EntitySetName: 'new_things' });
    const attributes = await client.retrieveAttributes({
      entityKey: "LogicalName='new_thing'",
      castType: 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
      select: ['LogicalName', 'MaxLength'],
    });
    expect(attributes.value).toMatchObject([{ LogicalName: 'new_name', MaxLength: 20 }]);
  });
});
