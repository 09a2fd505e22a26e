import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamicsWebApi } from 'dynamics-web-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  entityId,
  errorCode,
  label,
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

describe('creating a table', () => {
  test('204 with the definition in OData-EntityId; rows can be written at once', async () => {
    const made = await service.call('POST', 'EntityDefinitions', tableBody('demo_Visit'), {
      'MSCRM.SolutionUniqueName': 'Demo',
    });
    expect(made.status).toBe(204);
    const { json } = await service.call('GET', entityId(service, made.headers));
    expect(json).toMatchObject({
      ...{ LogicalName: 'demo_visit', SchemaName: 'demo_Visit', EntitySetName: 'demo_visits' },
      ...{ PrimaryIdAttribute: 'demo_visitid', PrimaryNameAttribute: 'demo_name' },
      IsCustomEntity: true,
    });
    const id = await service.create('demo_visits', { demo_name: 'V' });
    const row = await service.call('GET', `demo_visits(${id})`);
    expect(row.json).toMatchObject({ demo_name: 'V', statecode: 0, demo_visitid: id });
    expect((await service.call('GET', '$metadata')).text).toContain('EntityType Name="demo_visit"');
  });

  test.each([
    ['without a publisher prefix', { SchemaName: 'Visit' }, undefined],
    ['without DisplayCollectionName', { DisplayCollectionName: undefined }, undefined],
    ['without a primary name column', { Attributes: [] }, undefined],
    ['with a name that is taken', { SchemaName: 'New_Thing' }, '0x80044363'],
  ])('%s is 400', async (_, more, expected) => {
    const body = { ...tableBody('demo_Visit'), ...more };
    const { status, json } = await service.call('POST', 'EntityDefinitions', body);
    expect([status, errorCode(json)]).toEqual([400, expected ?? '0x80040203']);
  });
});

describe('creating columns', () => {
  beforeEach(() => makeVisit(service));

  test.each([
    ['String', { MaxLength: 10 }, 'text', { MaxLength: 10 }],
    ['Memo', { MaxLength: 5000 }, 'text', { MaxLength: 5000 }],
    ['Integer', { MinValue: 0, MaxValue: 9 }, 3, { MinValue: 0, MaxValue: 9 }],
    ['BigInt', {}, 5_000_000_000, {}],
    ['Decimal', { Precision: 4 }, 1.25, { Precision: 4 }],
    ['Double', { Precision: 2 }, 1.5, { Precision: 2 }],
    ['Money', { PrecisionSource: 2 }, 9.5, { PrecisionSource: 2 }],
    ['Boolean', { OptionSet: { TrueOption: { Value: 1 } } }, true, {}],
    ['DateTime', { Format: 'DateAndTime' }, '2026-01-02T03:04:05Z', { Format: 'DateAndTime' }],
    [
      'DateTime',
      { Format: 'DateOnly', DateTimeBehavior: { Value: 'DateOnly' } },
      '2026-01-02',
      { DateTimeBehavior: { Value: 'DateOnly' } },
    ],
    ['Picklist', { OptionSet: options([1, 'One'], [2, 'Two']) }, 2, {}],
    ['MultiSelectPicklist', { OptionSet: options([1, 'One'], [2, 'Two']) }, '1,2', {}],
    ['UniqueIdentifier', {}, '6f1b4a2c-0000-4000-8000-00000000000a', {}],
  ])('%s', async (type, more, value, told) => {
    const made = await attribute(typed(type, 'demo_Value', more));
    expect(made.status).toBe(204);
    expect((await service.call('GET', entityId(service, made.headers))).json).toMatchObject({
      '@odata.type': `#Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
      ...{ LogicalName: 'demo_value', SchemaName: 'demo_Value', ...told },
      DisplayName: { UserLocalizedLabel: { Label: 'demo_Value' } },
    });
    const id = await service.create('demo_visits', { demo_value: value });
    const { json } = await service.call('GET', `demo_visits(${id})?$select=demo_value`);
    expect(json['demo_value']).toBe(value);
  });

  test('lengths and options of a new column are enforced (A1: 0x80044331)', async () => {
    await attribute(typed('String', 'demo_Short', { MaxLength: 3 }));
    await attribute(typed('Picklist', 'demo_Kind', { OptionSet: options([1, 'One']) }));
    const long = await service.call('POST', 'demo_visits', { demo_short: 'four' });
    expect([long.status, errorCode(long.json)]).toEqual([400, '0x80044331']);
    expect((await service.call('POST', 'demo_visits', { demo_kind: 2 })).status).toBe(400);
  });

  test.each([
    [
      'a name that is taken (DuplicateAttributeSchemaName)',
      typed('Memo', 'demo_name'),
      '0x80047013',
    ],
    ['a name without a prefix', typed('String', 'Name2'), '0x80040203'],
    ['a MaxLength over 4000', typed('String', 'demo_A', { MaxLength: 4001 }), '0x80040203'],
    ['a choice without options', typed('Picklist', 'demo_A'), '0x80040203'],
    [
      'an option value given twice',
      typed('Picklist', 'demo_A', { OptionSet: options([1, 'a'], [1, 'b']) }),
      '0x80040203',
    ],
    ['a lookup without a relationship', typed('Lookup', 'demo_A'), '0x80040203'],
    [
      'a level only the system gives',
      typed('String', 'demo_A', { RequiredLevel: { Value: 'SystemRequired' } }),
      '0x80040203',
    ],
  ])('%s is 400', async (_, body, expected) => {
    const { status, json } = await attribute(body);
    expect([status, errorCode(json)]).toEqual([400, expected]);
  });

  test('PUT changes length and label and leaves rows alone; type and deleted columns are guarded', async () => {
    await attribute(typed('String', 'demo_Text', { MaxLength: 3 }));
    const id = await service.create('demo_visits', { demo_text: 'abc' });
    const path = `${visit}/Attributes(LogicalName='demo_text')`;
    const merge = { 'MSCRM.MergeLabels': 'true' };
    const wider = typed('String', 'demo_Text', { MaxLength: 30, DisplayName: label('Wide') });
    expect((await service.call('PUT', path, wider, merge)).status).toBe(204);
    expect((await service.call('GET', path)).json).toMatchObject({ MaxLength: 30 });
    await service.call('PATCH', `demo_visits(${id})`, { demo_text: 'abcd' });
    expect((await service.call('GET', `demo_visits(${id})`)).json['demo_text']).toBe('abcd');
    expect((await service.call('PUT', path, typed('Memo', 'demo_Text'))).status).toBe(400);
    expect((await service.call('DELETE', path)).status).toBe(204);
    expect((await service.call('GET', `demo_visits(${id})?$select=demo_text`)).status).toBe(400);
    await attribute(typed('String', 'demo_Text', { MaxLength: 3 }));
    expect((await service.call('GET', `demo_visits(${id})`)).json['demo_text']).toBeNull();
  });

  test('a column in a key, and one that is not custom, cannot be deleted', async () => {
    await attribute(typed('String', 'demo_Code', { MaxLength: 30 }));
    const key = { SchemaName: 'demo_ByCode', KeyAttributes: ['demo_code'] };
    expect((await service.call('POST', `${visit}/Keys`, key)).status).toBe(204);
    const path = (name: string) => `${visit}/Attributes(LogicalName='${name}')`;
    const held = await service.call('DELETE', path('demo_code'));
    expect([held.status, errorCode(held.json)]).toEqual([400, '0x8004f01f']);
    expect((await service.call('DELETE', path('createdon'))).status).toBe(400);
    expect((await service.call('DELETE', path('demo_name'))).status).toBe(400);
  });

  test('a key whose name or columns are taken is 400 (0x80060893, 0x80060894)', async () => {
    const key = (SchemaName: string) =>
      service.call('POST', `${visit}/Keys`, { SchemaName, KeyAttributes: ['demo_name'] });
    expect((await key('demo_ByName')).status).toBe(204);
    expect(errorCode((await key('demo_ByName')).json)).toBe('0x80060893');
    expect(errorCode((await key('demo_Other')).json)).toBe('0x80060894');
  });
});

describe('what every write of metadata needs', () => {
  test('publishing is accepted, a batch is refused by name, a bad solution name as well', async () => {
    expect((await service.call('POST', 'PublishAllXml')).status).toBe(204);
    const xml = { ParameterXml: '<importexportxml><entities/></importexportxml>' };
    expect((await service.call('POST', 'PublishXml', xml)).status).toBe(204);
    expect((await service.call('POST', 'PublishXml', {})).status).toBe(400);
    const bad = { 'MSCRM.SolutionUniqueName': 'no such name' };
    const body = tableBody('demo_Visit');
    expect((await service.call('POST', 'EntityDefinitions', body, bad)).status).toBe(400);
    const part = `--b\r\nContent-Type: application/http\r\n\r\nPOST /api/data/v9.2/EntityDefinitions HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n--b--\r\n`;
    const type = { 'Content-Type': 'multipart/mixed; boundary=b' };
    expect((await service.call('POST', '$batch', part, type)).status).toBe(501);
  });

  test('the public client dynamics-web-api 2.5.0 makes tables, columns and relationships', async () => {
    const client = new DynamicsWebApi({
      serverUrl: service.url,
      dataApi: { version: '9.2' },
      onTokenRefresh: async () => 'token',
    });
    const tableId = await client.createEntity({ data: tableBody('demo_Visit') });
    expect(tableId).toMatch(/^[0-9a-f-]{36}$/);
    const columnId = await client.createAttribute({
      entityKey: "LogicalName='demo_visit'",
      data: typed('String', 'demo_Code', { MaxLength: 10 }),
    });
    expect(columnId).toMatch(/^[0-9a-f-]{36}$/);
    const relationshipId = await client.createRelationship({ data: relationship({}) });
    expect(relationshipId).toMatch(/^[0-9a-f-]{36}$/);
    await client.createGlobalOptionSet({ data: { Name: 'demo_c', ...options([1, 'A']) } });
    const found = await client.retrieveGlobalOptionSet({ key: "Name='demo_c'" });
    expect(found).toMatchObject({ Name: 'demo_c' });
    const column = await client.retrieveAttribute({
      entityKey: "LogicalName='demo_visit'",
      attributeKey: "LogicalName='demo_code'",
      castType: 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
    });
    expect(column).toMatchObject({ MetadataId: columnId, MaxLength: 10 });
  });
});

test('customizations, their rows and their deletions are there after a restart', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'dataverse-data-'));
  const before = service;
  service = await startService({ dataFolder });
  await before.close();
  await makeVisit(service);
  await attribute(typed('String', 'demo_Gone', {}));
  await attribute(typed('String', 'demo_Code', { MaxLength: 10 }));
  const colour = { Name: 'demo_colour', ...options([1, 'Red']) };
  await service.call('POST', 'GlobalOptionSetDefinitions', colour);
  const bound = { 'GlobalOptionSet@odata.bind': "GlobalOptionSetDefinitions(Name='demo_colour')" };
  await attribute(typed('Picklist', 'demo_Colour', bound));
  await service.call('POST', 'RelationshipDefinitions', relationship({}));
  const key = { SchemaName: 'demo_ByCode', KeyAttributes: ['demo_code'] };
  await service.call('POST', `${visit}/Keys`, key);
  await service.call('DELETE', `${visit}/Attributes(LogicalName='demo_gone')`);
  await service.call('PUT', visit, { DisplayName: label('Renamed'), ChangeTrackingEnabled: true });
  const contact = await service.create('contacts', {});
  const bind = { 'demo_PatientId@odata.bind': `contacts(${contact})` };
  const id = await service.create('demo_visits', { demo_code: 'c', demo_colour: 1, ...bind });
  await service.close();
  service = await startService({ dataFolder });
  const { json } = await service.call('GET', "demo_visits(demo_code='c')?$expand=demo_PatientId");
  expect(json).toMatchObject({
    demo_visitid: id,
    demo_colour: 1,
    demo_PatientId: { contactid: contact },
  });
  expect((await service.call('GET', `${visit}/Attributes(LogicalName='demo_gone')`)).status).toBe(
    404,
  );
  const table = await service.call('GET', visit);
  expect(table.json).toMatchObject({
    ChangeTrackingEnabled: true,
    DisplayName: { UserLocalizedLabel: { Label: 'Renamed' } },
  });
  const choice = "GlobalOptionSetDefinitions(Name='demo_colour')";
  expect((await service.call('PUT', choice, { ...options([1, 'Red'], [7, 'Blue']) })).status).toBe(
    204,
  );
  expect((await service.call('POST', 'demo_visits', { demo_colour: 7 })).status).toBe(204);
  rmSync(dataFolder, { recursive: true, force: true });
});
