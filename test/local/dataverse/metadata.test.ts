import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ keyBuildMs: 400 });
});
afterAll(() => service.close());

const thing = "EntityDefinitions(LogicalName='new_thing')";
const list = (json: Readonly<Record<string, unknown>>, name = 'value') => {
  const value = json[name];
  return Array.isArray(value) ? value : [];
};

describe('A9: metadata', () => {
  test('a definition gives set, keys, columns and the navigation names of lookups', async () => {
    const { json } = await service.call(
      'GET',
      `${thing}?$select=EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled` +
        '&$expand=Keys($select=SchemaName,KeyAttributes,EntityKeyIndexStatus),' +
        'Attributes($select=LogicalName,AttributeType,RequiredLevel,IsValidForCreate,IsValidForUpdate),' +
        "ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName;$filter=ReferencingAttribute eq 'new_about')",
    );
    expect(json).toMatchObject({
      EntitySetName: 'new_things',
      PrimaryIdAttribute: 'new_thingid',
      ChangeTrackingEnabled: true,
      IsOptimisticConcurrencyEnabled: true,
    });
    expect(list(json, 'Keys')).toContainEqual(
      expect.objectContaining({
        SchemaName: 'new_bycount',
        KeyAttributes: ['new_parent', 'new_count'],
        EntityKeyIndexStatus: 'Active',
      }),
    );
    expect(list(json, 'Attributes')).toContainEqual(
      expect.objectContaining({ LogicalName: 'createdon', IsValidForUpdate: false }),
    );
    expect(list(json, 'ManyToOneRelationships')).toMatchObject([
      { ReferencedEntity: 'account', ReferencingEntityNavigationPropertyName: 'new_about_account' },
      { ReferencedEntity: 'contact', ReferencingEntityNavigationPropertyName: 'new_about_contact' },
    ]);
  });

  test('definitions are listed by a filter on LogicalName', async () => {
    const query =
      "$select=LogicalName,EntitySetName&$filter=LogicalName eq 'contact' or LogicalName eq 'account'";
    const { json } = await service.call('GET', `EntityDefinitions?${encodeURI(query)}`);
    expect(list(json).map((row) => row['EntitySetName'])).toEqual(['contacts', 'accounts']);
  });

  test('all tables of the model are there', async () => {
    const { json } = await service.call('GET', 'EntityDefinitions?$select=LogicalName');
    expect(list(json).length).toBeGreaterThan(362);
  });

  test('typed casts give lengths, choices and targets', async () => {
    const cast = (name: string) =>
      `${thing}/Attributes/Microsoft.Dynamics.CRM.${name}AttributeMetadata`;
    const strings = await service.call('GET', `${cast('String')}?$select=LogicalName,MaxLength`);
    expect(list(strings.json)).toMatchObject([{ LogicalName: 'new_name', MaxLength: 20 }]);
    const choices = await service.call(
      'GET',
      `${cast('Picklist')}?$select=LogicalName&$expand=OptionSet,GlobalOptionSet`,
    );
    expect(list(choices.json)).toMatchObject([
      {
        LogicalName: 'new_kind',
        OptionSet: {
          Options: [{ Value: 1, Label: { UserLocalizedLabel: { Label: 'One' } } }, { Value: 2 }],
        },
      },
    ]);
    const lookups = await service.call('GET', `${cast('Lookup')}?$select=LogicalName,Targets`);
    expect(list(lookups.json)).toContainEqual(
      expect.objectContaining({ LogicalName: 'new_about', Targets: ['account', 'contact'] }),
    );
    const one = await service.call(
      'GET',
      `${thing}/Attributes(LogicalName='new_kind')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata/OptionSet`,
    );
    expect(list(one.json, 'Options')).toHaveLength(2);
  });

  test('an unknown table and an unknown member are refused', async () => {
    expect((await service.call('GET', "EntityDefinitions(LogicalName='nope')")).status).toBe(404);
    expect((await service.call('GET', `${thing}?$select=Nope`)).status).toBe(400);
  });

  test('service document, $metadata and WhoAmI answer', async () => {
    const sets = await service.call('GET', '');
    expect(list(sets.json)).toContainEqual({
      name: 'contacts',
      kind: 'EntitySet',
      url: 'contacts',
    });
    const csdl = await service.call('GET', '$metadata');
    expect(csdl.headers.get('content-type')).toBe('application/xml');
    expect(csdl.text).toContain('<NavigationProperty Name="new_Parent" Type="mscrm.contact">');
    expect((await service.call('GET', 'WhoAmI')).json['UserId']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('A2, A9: keys declared while running', () => {
  const declare = (SchemaName: string, ...KeyAttributes: string[]) =>
    service.call('POST', `${thing}/Keys`, { SchemaName, KeyAttributes });
  const status = async (name: string) => {
    const { json } = await service.call(
      'GET',
      `${thing}/Keys?$select=SchemaName,EntityKeyIndexStatus`,
    );
    return list(json).find((key) => key['SchemaName'] === name)?.['EntityKeyIndexStatus'];
  };

  test('a key is Pending, cannot be used until Active, and is removed', async () => {
    const id = await service.create('new_things', { new_note: 'n1', new_kind: 2 });
    const created = await declare('new_ByKind', 'new_kind');
    expect([created.status, await status('new_ByKind')]).toEqual([204, 'Pending']);
    expect((await service.call('GET', 'new_things(new_kind=2)')).status).toBe(400);
    await expect.poll(() => status('new_ByKind'), { timeout: 5000 }).toBe('Active');
    expect((await service.call('GET', 'new_things(new_kind=2)')).json['new_thingid']).toBe(id);
    const place = created.headers.get('odata-entityid')?.slice(service.root.length) ?? '';
    expect((await service.call('DELETE', place)).status).toBe(204);
    expect((await service.call('GET', 'new_things(new_kind=2)')).status).toBe(400);
  });

  test('a key over rows that collide ends as Failed and stays unusable', async () => {
    await service.create('new_things', { new_amount: 1 });
    await service.create('new_things', { new_amount: 1 });
    await declare('new_ByAmount', 'new_amount');
    expect(await status('new_ByAmount')).toBe('Failed');
    expect((await service.call('GET', 'new_things(new_amount=1)')).status).toBe(400);
  });

  test('a key on a column that cannot be in one is 400', async () => {
    expect((await declare('new_Bad', 'new_note')).status).toBe(400);
    expect((await declare('new_Bad', 'nope')).status).toBe(400);
  });
});
