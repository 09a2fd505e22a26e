import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
let account: string;
let person: string;
beforeAll(async () => {
  service = await startService();
  account = await service.create('accounts', { name: 'Clinic' });
  person = await service.create('contacts', { lastname: 'Person', msemr_azurefhirid: 'person' });
});
afterAll(() => service.close());

describe('A3: lookups', () => {
  test.each([
    ['relative', () => `contacts(${person})`],
    ['with a leading slash', () => `/contacts(${person})`],
    ['a full address', () => `${service.root}contacts(${person})`],
    ['by alternate key', () => "contacts(msemr_azurefhirid='person')"],
  ])('a bind may be %s', async (_, reference) => {
    const id = await service.create('new_things', { 'new_Parent@odata.bind': reference() });
    const { json } = await service.call('GET', `new_things(${id})?$select=_new_parent_value`);
    expect(json['_new_parent_value']).toBe(person);
  });

  test('a bind in the wrong case is 400 "undeclared property"', async () => {
    const body = { 'new_parent@odata.bind': `contacts(${person})` };
    const { status, json } = await service.call('POST', 'new_things', body);
    expect([status, json]).toMatchObject([400, { error: { code: '0x80048d19' } }]);
    expect(JSON.stringify(json)).toContain("undeclared property 'new_parent'");
  });

  test('a bind to a missing row fails the whole write with 404', async () => {
    const id = randomUUID();
    const byId = { new_name: 'a', 'new_Parent@odata.bind': `contacts(${randomUUID()})` };
    const byKey = { new_name: 'a', 'new_Parent@odata.bind': "contacts(msemr_azurefhirid='no')" };
    const first = await service.call('PATCH', `new_things(${id})`, byId);
    const second = await service.call('PATCH', `new_things(${id})`, byKey);
    expect([first.status, first.json]).toMatchObject([404, { error: { code: '0x80040217' } }]);
    expect([second.status, second.json]).toMatchObject([404, { error: { code: '0x80060891' } }]);
    expect((await service.call('GET', `new_things(${id})`)).status).toBe(404);
  });

  test('a bind to a row of another table is 400', async () => {
    const body = { 'new_Parent@odata.bind': `accounts(${account})` };
    expect((await service.call('POST', 'new_things', body)).status).toBe(400);
  });

  test.each(['new_Parent@odata.bind', 'new_Parent'])('null in %s clears', async (member) => {
    const id = await service.create('new_things', {
      'new_Parent@odata.bind': `contacts(${person})`,
    });
    await service.call('PATCH', `new_things(${id})`, { [member]: null });
    const { json } = await service.call('GET', `new_things(${id})`);
    expect(json['_new_parent_value']).toBeNull();
  });

  test('setting one navigation property of a polymorphic lookup nulls the other', async () => {
    const id = await service.create('new_things', {
      'new_about_account@odata.bind': `accounts(${account})`,
    });
    await service.call('PATCH', `new_things(${id})`, {
      'new_about_contact@odata.bind': `contacts(${person})`,
      'new_about_account@odata.bind': null,
    });
    const query =
      '?$select=_new_about_value&$expand=new_about_account,new_about_contact($select=lastname)';
    const { json } = await service.call('GET', `new_things(${id})${query}`, undefined, {
      Prefer: 'odata.include-annotations="*"',
    });
    expect(json).toMatchObject({
      _new_about_value: person,
      '_new_about_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'contact',
      '_new_about_value@Microsoft.Dynamics.CRM.associatednavigationproperty': 'new_about_contact',
      '_new_about_value@OData.Community.Display.V1.FormattedValue': 'Person',
      new_about_account: null,
      new_about_contact: { lastname: 'Person' },
    });
  });

  test('deleting a row sets the lookups that point at it null, and nothing else', async () => {
    const doomed = await service.create('contacts', { lastname: 'Doomed' });
    const id = await service.create('new_things', {
      new_name: 'keeps',
      'new_Parent@odata.bind': `contacts(${doomed})`,
      'new_about_contact@odata.bind': `contacts(${person})`,
    });
    await service.call('DELETE', `contacts(${doomed})`);
    const { json } = await service.call('GET', `new_things(${id})`);
    expect(json).toMatchObject({
      new_name: 'keeps',
      _new_parent_value: null,
      _new_about_value: person,
    });
  });

  test('a $ref of a single-valued navigation property is put, read and deleted', async () => {
    const id = await service.create('new_things', {});
    const reference = `new_things(${id})/new_Parent/$ref`;
    const put = await service.call('PUT', reference, { '@odata.id': `contacts(${person})` });
    expect(put.status).toBe(204);
    expect((await service.call('GET', reference)).json['@odata.id']).toBe(
      `${service.root}contacts(${person})`,
    );
    expect((await service.call('DELETE', reference)).status).toBe(204);
    expect((await service.call('GET', reference)).status).toBe(204);
  });

  test('the rows of a collection are expanded by its name in the metadata', async () => {
    const parent = await service.create('contacts', { lastname: 'Many' });
    for (const new_name of ['c2', 'c1', 'other']) {
      await service.create('new_things', {
        new_name,
        'new_Parent@odata.bind': `contacts(${parent})`,
      });
    }
    const expand =
      "$expand=new_thing_new_parent_contact($select=new_name;$filter=startswith(new_name,'c');$orderby=new_name)";
    const { json } = await service.call('GET', `contacts(${parent})?$select=lastname&${expand}`);
    expect(json['new_thing_new_parent_contact']).toMatchObject([
      { new_name: 'c1' },
      { new_name: 'c2' },
    ]);
  });
});
