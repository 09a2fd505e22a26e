import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  entityId,
  errorCode,
  label,
  listOf,
  options,
  relationship,
  tableBody,
  typed,
} from './metadata-definitions.ts';
import { addAttribute, makeVisit, visit } from './visit-table.ts';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

const attribute = (body: object) => addAttribute(service, body);

describe('A3: relationships', () => {
  beforeEach(() => makeVisit(service));

  test('a one-to-many relationship makes a lookup whose property has the casing of its schema name', async () => {
    const made = await service.call('POST', 'RelationshipDefinitions', relationship({}));
    expect(made.status).toBe(204);
    expect((await service.call('GET', entityId(service, made.headers))).json).toMatchObject({
      ...{ SchemaName: 'demo_contact_visit', ReferencingAttribute: 'demo_patientid' },
      ReferencingEntityNavigationPropertyName: 'demo_PatientId',
    });
    const contact = await service.create('contacts', { lastname: 'A' });
    const bind = { 'demo_PatientId@odata.bind': `contacts(${contact})` };
    const id = await service.create('demo_visits', bind);
    const wrong = await service.call('POST', 'demo_visits', {
      'demo_patientid@odata.bind': `contacts(${contact})`,
    });
    expect([wrong.status, errorCode(wrong.json)]).toEqual([400, '0x80048d19']);
    const { json } = await service.call('GET', `demo_visits(${id})?$expand=demo_PatientId`);
    expect(json['demo_PatientId']).toMatchObject({ lastname: 'A' });
    const back = await service.call('GET', `contacts(${contact})?$expand=demo_contact_visit`);
    expect(back.json['demo_contact_visit']).toMatchObject([{ demo_visitid: id }]);
    const [found] = listOf(
      (await service.call('GET', `demo_visits?$filter=_demo_patientid_value eq ${contact}`)).json,
    );
    expect(found).toMatchObject({ demo_visitid: id });
    await service.call('DELETE', `contacts(${contact})`);
    const cleared = await service.call('GET', `demo_visits(${id})`);
    expect(cleared.json['_demo_patientid_value']).toBeNull();
  });

  test('the definition is found by schema name, and its name is taken (0x8004432b)', async () => {
    await service.call('POST', 'RelationshipDefinitions', relationship({}));
    const path = "RelationshipDefinitions?$filter=SchemaName eq 'demo_contact_visit'";
    expect(listOf((await service.call('GET', path)).json)).toHaveLength(1);
    const again = relationship({ Lookup: typed('Lookup', 'demo_OtherId') });
    const { json } = await service.call('POST', 'RelationshipDefinitions', again);
    expect(errorCode(json)).toBe('0x8004432b');
    const same = relationship({ SchemaName: 'demo_second' });
    const taken = await service.call('POST', 'RelationshipDefinitions', same);
    expect(errorCode(taken.json)).toBe('0x80047013');
  });

  test('deleting the relationship deletes the lookup, and then the table can go', async () => {
    await service.call('POST', 'EntityDefinitions', tableBody('demo_Place'));
    const body = relationship({ ReferencedEntity: 'demo_place', ReferencedAttribute: undefined });
    await service.call('POST', 'RelationshipDefinitions', body);
    const place = "EntityDefinitions(LogicalName='demo_place')";
    const held = await service.call('DELETE', place);
    expect([held.status, errorCode(held.json)]).toEqual([400, '0x8004f01f']);
    const path = "RelationshipDefinitions(SchemaName='demo_contact_visit')";
    expect((await service.call('DELETE', path)).status).toBe(204);
    expect((await service.call('DELETE', place)).status).toBe(204);
    expect((await service.call('GET', 'demo_places')).status).toBe(404);
    expect((await service.call('DELETE', "EntityDefinitions(LogicalName='contact')")).status).toBe(
      400,
    );
  });

  test('CreatePolymorphicLookupAttribute makes one column with a property for each table', async () => {
    const one = (target: string) => ({
      ...{ SchemaName: `demo_visit_${target}`, ReferencedEntity: target },
      ReferencingEntity: 'demo_visit',
    });
    const made = await service.call('POST', 'CreatePolymorphicLookupAttribute', {
      OneToManyRelationships: [one('account'), one('contact')],
      Lookup: typed('Lookup', 'demo_About'),
    });
    expect(made.status).toBe(200);
    expect(made.json['RelationshipIds']).toHaveLength(2);
    const account = await service.create('accounts', { name: 'A' });
    const id = await service.create('demo_visits', {
      'demo_About_account@odata.bind': `accounts(${account})`,
    });
    const { json } = await service.call('GET', `demo_visits(${id})`, undefined, {
      Prefer: 'odata.include-annotations="*"',
    });
    expect(json).toMatchObject({
      _demo_about_value: account,
      '_demo_about_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'account',
    });
    await service.call('POST', 'EntityDefinitions', tableBody('demo_Place'));
    const third = relationship({
      ...{ SchemaName: 'demo_visit_place', ReferencedEntity: 'demo_place' },
      ...{ ReferencedAttribute: undefined, Lookup: typed('Lookup', 'demo_About') },
    });
    expect((await service.call('POST', 'RelationshipDefinitions', third)).status).toBe(204);
    const lookups = await service.call(
      'GET',
      `${visit}/Attributes(LogicalName='demo_about')/Microsoft.Dynamics.CRM.LookupAttributeMetadata`,
    );
    expect(lookups.json['Targets']).toEqual(['account', 'contact', 'demo_place']);
  });

  test('a many-to-many relationship joins and parts rows', async () => {
    const made = await service.call('POST', 'RelationshipDefinitions', {
      '@odata.type': 'Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata',
      ...{ SchemaName: 'demo_visit_account', IntersectEntityName: 'demo_visit_account' },
      ...{ Entity1LogicalName: 'demo_visit', Entity2LogicalName: 'account' },
    });
    expect(made.status).toBe(204);
    const all = await service.call('GET', `${visit}/ManyToManyRelationships`);
    expect(listOf(all.json)).toMatchObject([{ SchemaName: 'demo_visit_account' }]);
    const account = await service.create('accounts', { name: 'A' });
    const id = await service.create('demo_visits', {});
    const path = `demo_visits(${id})/demo_visit_account`;
    const reference = { '@odata.id': `${service.root}accounts(${account})` };
    expect((await service.call('POST', `${path}/$ref`, reference)).status).toBe(204);
    const between = await service.call('GET', 'demo_visit_accounts');
    expect(listOf(between.json)).toMatchObject([
      { _demo_visitid_value: id, _accountid_value: account },
    ]);
    expect((await service.call('DELETE', `${path}(${account})/$ref`)).status).toBe(204);
    expect(listOf((await service.call('GET', 'demo_visit_accounts')).json)).toEqual([]);
  });
});

describe('global choices', () => {
  beforeEach(() => makeVisit(service));
  const set = (...values: readonly [number, string][]) => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.OptionSetMetadata',
    ...{ Name: 'demo_colour', DisplayName: label('Colour'), OptionSetType: 'Picklist' },
    ...options(...values),
  });

  test('a column takes its options from one, and follows its changes', async () => {
    const made = await service.call('POST', 'GlobalOptionSetDefinitions', set([1, 'Red']));
    const path = entityId(service, made.headers);
    const bound = { 'GlobalOptionSet@odata.bind': `/${path}` };
    expect((await attribute(typed('Picklist', 'demo_Colour', bound))).status).toBe(204);
    const cast = `${visit}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata`;
    const { json } = await service.call('GET', `${cast}?$expand=OptionSet,GlobalOptionSet`);
    expect(listOf(json)).toMatchObject([
      { OptionSet: null, GlobalOptionSet: { Name: 'demo_colour', Options: [{ Value: 1 }] } },
    ]);
    expect((await service.call('POST', 'demo_visits', { demo_colour: 2 })).status).toBe(400);
    expect((await service.call('PUT', path, set([1, 'Red'], [2, 'Blue']))).status).toBe(204);
    expect((await service.call('POST', 'demo_visits', { demo_colour: 2 })).status).toBe(204);
    const held = await service.call('DELETE', path);
    expect([held.status, errorCode(held.json)]).toEqual([400, '0x8004f01f']);
  });

  test('it is read by name and by id, listed, and refused twice', async () => {
    await service.call('POST', 'GlobalOptionSetDefinitions', set([1, 'Red']));
    const { json } = await service.call('GET', "GlobalOptionSetDefinitions(Name='demo_colour')");
    expect(json).toMatchObject({ IsGlobal: true, Options: [{ Value: 1 }] });
    expect(listOf((await service.call('GET', 'GlobalOptionSetDefinitions')).json)).toHaveLength(1);
    expect((await service.call('POST', 'GlobalOptionSetDefinitions', set())).status).toBe(400);
    const path = `GlobalOptionSetDefinitions(${json['MetadataId']})`;
    expect((await service.call('DELETE', path)).status).toBe(204);
    expect((await service.call('GET', path)).status).toBe(404);
  });
});
