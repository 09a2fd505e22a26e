import { DynamicsWebApi } from 'dynamics-web-api';
import { describe, expect, test } from 'vitest';
import {
  idle,
  pairValue,
  receiver,
  registerStep,
  service,
  useWebhooks,
} from './webhook-receiver.ts';

useWebhooks();

describe('A5, A7: what of a call reaches the steps', () => {
  test('tag arrives in SharedVariables and in the write log, in a batch as well', async () => {
    await registerStep(service, { message: 'Update', url: receiver.url });
    const id = await service.create('contacts', {});
    const client = new DynamicsWebApi({
      serverUrl: service.url,
      dataApi: { version: '9.2' },
      onTokenRefresh: async () => 'token',
    });
    await client.update({
      collection: 'contacts',
      key: id,
      data: { lastname: 'A' },
      tag: 'echo 1',
    });
    client.startBatch();
    void client.update({ collection: 'contacts', key: id, data: { lastname: 'B' }, tag: 'echo 2' });
    await client.executeBatch();
    await idle();
    const tags = receiver.deliveries.map(({ context }) =>
      pairValue(context['SharedVariables'], 'tag'),
    );
    expect(tags.toSorted()).toEqual(['echo 1', 'echo 2']);
    const { json } = await service.control('GET', 'writes');
    const writes = Array.isArray(json['writes']) ? json['writes'] : [];
    const ofRow = writes.filter((write) => write.id === id);
    expect(ofRow.map(({ tag }) => tag)).toEqual([null, 'echo 1', 'echo 2']);
  });

  test('the write log names the user and the application of every write', async () => {
    const applicationid = '6f1b4a2c-0000-4000-8000-00000000000a';
    const user = await service.create('systemusers', { applicationid });
    const bearer = { Authorization: `Bearer ${applicationid}` };
    const role = 'roles(aaaaaaaa-0000-4000-8000-000000000004)';
    await service.call('POST', `systemusers(${user})/systemuserroles_association/$ref`, {
      '@odata.id': `${service.root}${role}`,
    });
    const made = await service.call('POST', 'contacts', { lastname: 'A' }, bearer);
    expect(made.status).toBe(204);
    const { json } = await service.control('GET', 'writes');
    const writes = Array.isArray(json['writes']) ? json['writes'] : [];
    expect(writes.at(-1)).toMatchObject({ table: 'contact', user, application: applicationid });
    expect(writes[0]).toMatchObject({ table: 'systemuser', application: null });
  });

  test.each([
    ['MSCRM.BypassBusinessLogicExecution', 'CustomAsync', ['sync']],
    ['MSCRM.BypassBusinessLogicExecution', 'CustomSync', ['async']],
    ['MSCRM.BypassBusinessLogicExecution', 'CustomSync,CustomAsync', []],
    ['MSCRM.BypassCustomPluginExecution', 'true', ['async']],
    ['X-Nothing', 'x', ['sync', 'async']],
  ])('%s: %s', async (header, value, told) => {
    await registerStep(service, { message: 'Create', url: `${receiver.url}/sync`, mode: 0 });
    await registerStep(service, { message: 'Create', url: `${receiver.url}/async` });
    expect((await service.call('POST', 'contacts', {}, { [header]: value })).status).toBe(204);
    await idle();
    const kinds = receiver.deliveries.map(({ path }) => /(a?sync)\?/.exec(path)?.[1]);
    expect(kinds).toEqual(told);
  });

  test('a caller with roles needs prvBypassCustomBusinessLogic, or prvBypassCustomPlugins (403)', async () => {
    const applicationid = '6f1b4a2c-0000-4000-8000-00000000000b';
    const user = await service.create('systemusers', { applicationid });
    const role = await service.create('roles', { name: 'writers' });
    const grant = (privilegename: string) =>
      service.create('roleprivilegescollection', {
        ...{ 'roleid@odata.bind': `roles(${role})`, privilegename, privilegedepthmask: 8 },
      });
    const body = { '@odata.id': `${service.root}roles(${role})` };
    await service.call('POST', `systemusers(${user})/systemuserroles_association/$ref`, body);
    await grant('prvCreateContact');
    const post = async (header: string, value: string) => {
      const headers = { Authorization: `Bearer ${applicationid}`, [header]: value };
      return (await service.call('POST', 'contacts', {}, headers)).status;
    };
    const newer = ['MSCRM.BypassBusinessLogicExecution', 'CustomAsync'] as const;
    const older = ['MSCRM.BypassCustomPluginExecution', 'true'] as const;
    expect([await post('X', 'x'), await post(...newer), await post(...older)]).toEqual([
      ...[204, 403, 403],
    ]);
    await grant('prvBypassCustomBusinessLogic');
    await grant('prvBypassCustomPlugins');
    expect([await post(...newer), await post(...older)]).toEqual([204, 204]);
    const table = { SchemaName: 'demo_a' };
    const headers = { Authorization: `Bearer ${applicationid}` };
    const refused = await service.call('POST', 'EntityDefinitions', table, headers);
    expect([refused.status, refused.text]).toEqual([
      403,
      expect.stringContaining('prvCreateEntity'),
    ]);
  });

  test('steps are left out by id, three at most', async () => {
    const step = await registerStep(service, { message: 'Create', url: receiver.url });
    const header = 'MSCRM.BypassBusinessLogicExecutionStepIds';
    await service.call('POST', 'contacts', {}, { [header]: step });
    await idle();
    expect(receiver.deliveries).toEqual([]);
    const four = { [header]: [step, step, step, step].join(',') };
    expect((await service.call('POST', 'contacts', {}, four)).status).toBe(400);
  });

  test('a bulk message raises the event of every row, and the bulk event once', async () => {
    await registerStep(service, { message: 'Create', url: `${receiver.url}/one` });
    await registerStep(service, { message: 'CreateMultiple', url: `${receiver.url}/all` });
    const target = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' };
    await service.call('POST', 'contacts/Microsoft.Dynamics.CRM.CreateMultiple', {
      Targets: [
        { ...target, lastname: 'A' },
        { ...target, lastname: 'B' },
      ],
    });
    await service.create('contacts', { lastname: 'C' });
    await idle();
    const of = (part: string) =>
      receiver.deliveries.filter(({ path }) => path.includes(part)).map(({ context }) => context);
    expect(of('one')).toHaveLength(3);
    const sizes = of('all').map(
      (context) => Object(pairValue(context['InputParameters'], 'Targets')).Entities.length,
    );
    expect(sizes.toSorted()).toEqual([1, 2]);
  });
});
