import { describe, expect, test } from 'vitest';
import { startService } from './web-api-client.ts';
import {
  idle,
  pairValue,
  receiver,
  registerStep,
  service,
  useWebhooks,
} from './webhook-receiver.ts';

useWebhooks();
const only = () => {
  expect(receiver.deliveries).toHaveLength(1);
  return receiver.deliveries[0]!;
};
const jobs = async () => {
  const { json } = await service.call('GET', 'asyncoperations');
  return Array.isArray(json['value']) ? json['value'] : [];
};
const entityIn = (context: Readonly<Record<string, unknown>>) => {
  const target = pairValue(context['InputParameters'], 'Target');
  return Object(target);
};

describe('A10: an asynchronous webhook is told of writes after the commit', () => {
  test('RemoteExecutionContext of a Create: target as keys and values, id in OutputParameters', async () => {
    const { url } = receiver;
    const step = await registerStep(service, { message: 'Create', table: 'new_thing', url });
    const parent = await service.create('contacts', { lastname: 'P' });
    const id = await service.create('new_things', {
      ...{ new_name: 'A', new_kind: 2, new_flags: '1,3', new_day: '2026-01-02', new_done: true },
      ...{ new_amount: 1.5, 'new_Parent@odata.bind': `contacts(${parent})` },
    });
    await idle();
    const { context, headers } = only();
    expect(context).toMatchObject({
      ...{ MessageName: 'Create', PrimaryEntityName: 'new_thing', PrimaryEntityId: id },
      ...{ Depth: 1, Mode: 1, Stage: 40, IsInTransaction: false, ParentContext: null },
      OperationCreatedOn: expect.stringMatching(/^\/Date\(\d+[+-]\d{4}\)\/$/),
      OwningExtension: { LogicalName: 'sdkmessageprocessingstep', Id: step },
      SharedVariables: [],
    });
    const who = (await service.call('GET', 'WhoAmI')).json;
    for (const name of ['UserId', 'InitiatingUserId']) {
      expect(context[name]).toBe(who['UserId']);
    }
    expect(context['BusinessUnitId']).toBe(who['BusinessUnitId']);
    expect(context['OrganizationId']).toBe(who['OrganizationId']);
    expect(pairValue(context['OutputParameters'], 'id')).toBe(id);
    const entity = entityIn(context);
    expect(entity).toMatchObject({
      ...{ LogicalName: 'new_thing', Id: id, FormattedValues: [], KeyAttributes: [] },
      __type: 'Entity:http://schemas.microsoft.com/xrm/2011/Contracts',
    });
    const value = (name: string) => pairValue(entity.Attributes, name);
    expect(value('new_name')).toBe('A');
    expect(value('new_done')).toBe(true);
    expect(value('new_amount')).toBe(1.5);
    expect(value('new_day')).toBe(`/Date(${Date.parse('2026-01-02')})/`);
    expect(value('new_kind')).toMatchObject({
      __type: expect.stringMatching(/^OptionSetValue:/),
      Value: 2,
    });
    expect(value('new_flags')).toMatchObject([{ Value: 1 }, { Value: 3 }]);
    expect(value('new_parent')).toMatchObject({
      __type: expect.stringMatching(/^EntityReference:/),
      ...{ Id: parent, LogicalName: 'contact' },
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-ms-dynamics-organization': expect.any(String),
      'x-ms-dynamics-entity-name': 'new_thing',
      'x-ms-dynamics-request-name': 'Create',
      'x-ms-correlation-request-id': context['CorrelationId'],
    });
  });

  test('on Update the target holds the columns sent and the system ones, images the rest', async () => {
    const step = await registerStep(service, {
      ...{ message: 'Update', url: receiver.url, columns: 'firstname,jobtitle' },
    });
    for (const [entityalias, imagetype, attributes] of [
      ['before', 0, 'firstname,lastname'],
      ['after', 1, undefined],
    ]) {
      await service.create('sdkmessageprocessingstepimages', {
        ...{ name: entityalias, entityalias, imagetype, messagepropertyname: 'Target' },
        ...(attributes === undefined ? {} : { attributes }),
        'sdkmessageprocessingstepid@odata.bind': `sdkmessageprocessingsteps(${step})`,
      });
    }
    const id = await service.create('contacts', { firstname: 'A', lastname: 'L' });
    await service.call('PATCH', `contacts(${id})`, { lastname: 'M' });
    await service.call('PATCH', `contacts(${id})`, { firstname: 'B' });
    await idle();
    const { context } = only();
    const keys = (entity: { Attributes: { key: string }[] }) =>
      entity.Attributes.map(({ key }) => key).sort();
    expect(keys(entityIn(context))).toEqual(['contactid', 'firstname', 'modifiedby', 'modifiedon']);
    const before = Object(pairValue(context['PreEntityImages'], 'before'));
    expect(keys(before)).toEqual(['contactid', 'firstname', 'lastname']);
    expect(pairValue(before.Attributes, 'firstname')).toBe('A');
    const after = Object(pairValue(context['PostEntityImages'], 'after'));
    expect(pairValue(after.Attributes, 'firstname')).toBe('B');
    expect(pairValue(after.Attributes, 'lastname')).toBe('M');
  });

  test('a Delete has a reference as its target; an upsert is told as what it became', async () => {
    for (const message of ['Create', 'Update', 'Delete']) {
      await registerStep(service, { message, url: receiver.url });
    }
    const key = "contacts(msemr_azurefhirid='w1')";
    await service.call('PATCH', key, { lastname: 'A' });
    await service.call('PATCH', key, { lastname: 'B' });
    await service.call('DELETE', key);
    await idle();
    const told = receiver.deliveries.map(({ context }) => context['MessageName']);
    expect(told.toSorted()).toEqual(['Create', 'Delete', 'Update']);
    const gone = receiver.deliveries.find(({ context }) => context['MessageName'] === 'Delete');
    expect(entityIn(gone!.context)).toMatchObject({
      __type: expect.stringMatching(/^EntityReference:/),
      LogicalName: 'contact',
    });
  });

  test('nothing is told of a write that was rolled back', async () => {
    await registerStep(service, { message: 'Create', url: receiver.url });
    const part = (id: number, body: object) =>
      `--c\r\nContent-Type: application/http\r\nContent-ID: ${id}\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
    const set = `${part(1, { lastname: 'A' })}${part(2, { nosuch: 1 })}--c--\r\n`;
    const body = `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${set}--b--\r\n`;
    const type = { 'Content-Type': 'multipart/mixed; boundary=b' };
    expect((await service.call('POST', '$batch', body, type)).status).toBe(400);
    await idle();
    expect(receiver.deliveries).toEqual([]);
    expect(await jobs()).toEqual([]);
  });

  test('a context over 256 KB goes without its large members, and says so', async () => {
    await registerStep(service, { message: 'Create', table: 'account', url: receiver.url });
    await service.create('accounts', { name: 'A', description: 'x'.repeat(300_000) });
    await idle();
    const { context, headers } = only();
    expect(headers['x-ms-dynamics-msg-size-exceeded']).toBe('true');
    expect(context).toMatchObject({ MessageName: 'Create', PrimaryEntityName: 'account' });
    for (const name of [
      'InputParameters',
      'PreEntityImages',
      'PostEntityImages',
      'ParentContext',
    ]) {
      expect(context).not.toHaveProperty(name);
    }
  });
});

describe('A10: authentication of a webhook', () => {
  const settings = '<settings><setting name="x-key" value="a&amp;b" /></settings>';
  test.each([
    ['WebhookKey', 4, 's e', '/hook?code=s+e', undefined],
    ['HttpHeader', 5, settings, '/hook', 'a&b'],
    ['HttpQueryString', 6, settings, '/hook?x-key=a%26b', undefined],
  ])('%s', async (_, authtype, authvalue, path, header) => {
    const endpoint = { authtype, authvalue };
    await registerStep(service, { message: 'Create', url: receiver.url, endpoint });
    await service.create('contacts', {});
    await idle();
    expect([only().path, only().headers['x-key']]).toEqual([path, header]);
  });

  test('an address that is not on this machine is refused unless its origin was allowed', async () => {
    const form = { name: 'far', contract: 8, authtype: 4, authvalue: 's' };
    const refused = await service.call('POST', 'serviceendpoints', {
      ...form,
      url: 'https://hooks.example.org/x',
    });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('loopback')]);
    const open = await startService({ webhookOrigins: ['https://hooks.example.org'] });
    expect(
      await open.create('serviceendpoints', { ...form, url: 'https://hooks.example.org/x' }),
    ).toMatch(/^[0-9a-f-]{36}$/);
    await open.close();
  });
});

describe('A10: failure of an asynchronous webhook', () => {
  test.each([502, 503, 504])('%i is tried exactly once more', async (status) => {
    await registerStep(service, { message: 'Create', url: receiver.url });
    receiver.statuses.push(status);
    await service.create('contacts', {});
    await idle();
    expect(receiver.deliveries).toHaveLength(2);
    expect(receiver.deliveries[0]?.text).toBe(receiver.deliveries[1]?.text);
    expect(await jobs()).toMatchObject([{ statecode: 3, statuscode: 30, retrycount: 1 }]);
  });

  test.each([
    ['a status outside 2xx', [500], 1, -2147155455],
    ['a redirect', [302], 1, -2147155455],
    ['a second 503', [503, 503], 2, -2147155455],
    ['no answer in time', [-1], 1, -2147155454],
  ])('%s ends as a failed system job and the row stays', async (_, statuses, tries, errorcode) => {
    await registerStep(service, { message: 'Create', url: receiver.url });
    receiver.statuses.push(...statuses);
    const id = await service.create('contacts', {});
    await idle();
    expect(receiver.deliveries).toHaveLength(tries);
    expect(await jobs()).toMatchObject([{ statecode: 3, statuscode: 31, errorcode }]);
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(200);
  });

  test('with asyncautodelete only failed jobs are kept', async () => {
    const more = { asyncautodelete: true };
    await registerStep(service, { message: 'Create', url: receiver.url, more });
    receiver.statuses.push(200, 400);
    await service.create('contacts', {});
    await idle();
    await service.create('contacts', {});
    await idle();
    expect(await jobs()).toMatchObject([{ statuscode: 31, messagename: 'Create' }]);
  });
});
