import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorCode, label, listOf, tableBody, typed } from './metadata-definitions.ts';
import { filter, startService, type TestService } from './web-api-client.ts';
import { registerStep, startReceiver } from './webhook-receiver.ts';

// facts/dataverse-and-events.md A11 (elastic tables) and A5; Microsoft, "Use elastic tables using code".

let service: TestService;
const set = 'demo_readings';

beforeAll(async () => {
  service = await startService();
  const definition = { ...tableBody('demo_Reading'), TableType: 'Elastic' };
  const { status } = await service.call('POST', 'EntityDefinitions', definition);
  expect(status).toBe(204);
  const column = typed('Integer', 'demo_Value', { DisplayName: label('Value') });
  const place = "EntityDefinitions(LogicalName='demo_reading')/Attributes";
  expect((await service.call('POST', place, column)).status).toBe(204);
});
afterAll(() => service.close());
beforeEach(async () => {
  await service.control('DELETE', 'elastic');
  await service.control('DELETE', 'clock');
});

const bulk = (message: string, targets: readonly object[], headers = {}) => {
  const Targets = targets.map((one) => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.demo_reading',
    ...one,
  }));
  return service.call('POST', `${set}/Microsoft.Dynamics.CRM.${message}`, { Targets }, headers);
};
const valueAt = async (path: string, headers = {}) => {
  const { status, json } = await service.call('GET', `${set}${path}`, undefined, headers);
  return status === 200 ? json['demo_value'] : status;
};

describe('A11 the table', () => {
  test('its metadata tell the type, the two columns and the built-in key', async () => {
    const { json } = await service.call(
      'GET',
      "EntityDefinitions(LogicalName='demo_reading')?$select=TableType&$expand=Keys($select=SchemaName,KeyAttributes,EntityKeyIndexStatus),Attributes($select=LogicalName)",
    );
    expect(json['TableType']).toBe('Elastic');
    expect(json['Keys']).toMatchObject([
      {
        SchemaName: 'KeyForNoSqlEntityWithPKPartitionId',
        KeyAttributes: ['demo_readingid', 'partitionid'],
        EntityKeyIndexStatus: 'Active',
      },
    ]);
    const names = Array.isArray(json['Attributes'])
      ? json['Attributes'].map(({ LogicalName }) => LogicalName)
      : [];
    expect(names).toEqual(expect.arrayContaining(['partitionid', 'ttlinseconds']));
  });

  test('takes no other alternate key', async () => {
    const body = { SchemaName: 'demo_ByValue', KeyAttributes: ['demo_value'] };
    const place = "EntityDefinitions(LogicalName='demo_reading')/Keys";
    expect((await service.call('POST', place, body)).status).toBe(400);
  });

  test('stays elastic when its definition is changed', async () => {
    const change = { DisplayName: label('Readings') };
    const place = "EntityDefinitions(LogicalName='demo_reading')";
    expect((await service.call('PUT', place, change)).status).toBe(204);
    expect((await service.call('GET', place)).json['TableType']).toBe('Elastic');
  });
});

describe('A11 partitions', () => {
  test('partitionid is the primary key by default', async () => {
    const id = await service.create(set, { demo_value: 1 });
    const { json } = await service.call('GET', `${set}(${id})`);
    expect(json).toMatchObject({ demo_readingid: id, partitionid: id });
  });

  test('the same primary key in two partitions is two rows', async () => {
    const id = randomUUID();
    for (const [index, partitionid] of ['a', 'b'].entries()) {
      const body = { demo_readingid: id, partitionid, demo_value: index };
      const { status, headers } = await service.call('POST', set, body);
      expect(status).toBe(204);
      expect(headers.get('odata-entityid')).toContain(`(${id})`);
    }
    expect(await valueAt(`(${id})?partitionId=a`)).toBe(0);
    expect(await valueAt(`(${id})?partitionId=b`)).toBe(1);
    expect(await valueAt(`(demo_readingid=${id},partitionid='b')`)).toBe(1);
    expect(await valueAt(`(${id})`)).toBe(404);
    const { json } = await service.call('GET', `${set}?${filter(`demo_readingid eq ${id}`)}`);
    expect(listOf(json).map((row) => row.partitionid)).toEqual(['a', 'b']);
    const again = { demo_readingid: id, partitionid: 'a' };
    expect((await service.call('POST', set, again)).status).toBe(412);
  });

  test('?partitionId= counts for GET and DELETE, and not for PATCH', async () => {
    const id = randomUUID();
    await service.call('POST', set, { demo_readingid: id, partitionid: 'p', demo_value: 1 });
    await service.call('PATCH', `${set}(${id})?partitionId=p`, { demo_value: 2 });
    expect(await valueAt(`(${id})?partitionId=p`)).toBe(1);
    expect(await valueAt(`(${id})`)).toBe(2);
    expect((await service.call('DELETE', `${set}(${id})?partitionId=p`)).status).toBe(204);
    expect(await valueAt(`(${id})?partitionId=p`)).toBe(404);
    expect(await valueAt(`(${id})`)).toBe(2);
  });
});

test('A11 ttlinseconds: the row ends that long after its last write', async () => {
  const at = Date.parse('2026-01-01T00:00:00Z');
  await service.control('POST', 'clock', { at: new Date(at).toISOString() });
  const id = await service.create(set, { demo_value: 1, ttlinseconds: 60 });
  const later = (seconds: number) =>
    service.control('POST', 'clock', { at: new Date(at + seconds * 1000).toISOString() });
  await later(59);
  expect(await valueAt(`(${id})`)).toBe(1);
  await service.call('PATCH', `${set}(${id})`, { demo_value: 2 }, { 'If-Match': '*' });
  await later(118);
  expect(await valueAt(`(${id})`)).toBe(2);
  await later(119);
  expect(await valueAt(`(${id})`)).toBe(404);
});

describe('A11 session tokens', () => {
  test('every write but a delete answers with x-ms-session-token', async () => {
    const made = await service.call('POST', set, { demo_value: 1 });
    expect(made.headers.get('x-ms-session-token')).not.toBeNull();
    const [, id] = /\(([^)]+)\)$/.exec(made.headers.get('odata-entityid') ?? '') ?? [];
    const read = await service.call('GET', `${set}(${id})`);
    expect(read.headers.get('x-ms-session-token')).toBeNull();
    const gone = await service.call('DELETE', `${set}(${id})`);
    expect(gone.headers.get('x-ms-session-token')).toBeNull();
    const contact = await service.call('POST', 'contacts', { lastname: 'A' });
    expect(contact.headers.get('x-ms-session-token')).toBeNull();
  });

  test('where reads lag, only MSCRM.SessionToken shows what was just written', async () => {
    await service.control('POST', 'elastic', { readsLag: true });
    const id = await service.create(set, { demo_value: 1 });
    expect(await valueAt(`(${id})`)).toBe(404);
    const { headers } = await service.call('PATCH', `${set}(${id})`, { demo_value: 2 });
    const token = headers.get('x-ms-session-token') ?? '';
    expect(await valueAt(`(${id})`)).toBe(1);
    expect(await valueAt(`(${id})`, { 'MSCRM.SessionToken': token })).toBe(2);
    const next = await service.call('PATCH', `${set}(${id})`, { demo_value: 3 });
    expect(await valueAt(`(${id})`, { 'MSCRM.SessionToken': token })).toBe(2);
    const newer = next.headers.get('x-ms-session-token') ?? '';
    expect(await valueAt(`(${id})`, { 'MSCRM.SessionToken': newer })).toBe(3);
    const contact = await service.create('contacts', { lastname: 'A' });
    expect((await service.call('GET', `contacts(${contact})`)).status).toBe(200);
  });
});

describe('A11 no transaction across rows', () => {
  test('CreateMultiple keeps the rows that could be written, and the error says which could not', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const { status, json } = await bulk('CreateMultiple', [
      { demo_readingid: first, demo_value: 1 },
      { demo_readingid: first, demo_value: 2 },
      { demo_readingid: second, demo_value: 3 },
    ]);
    expect(status).toBe(412);
    const name = '@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails';
    const details = JSON.parse(Object(json['error'])[name]);
    expect(details).toMatchObject([{ RequestIndex: 1, StatusCode: 412 }]);
    expect(await valueAt(`(${first})`)).toBe(1);
    expect(await valueAt(`(${second})`)).toBe(3);
  });

  test('CreateMultiple without failures answers all ids in order', async () => {
    const ids = [randomUUID(), randomUUID()];
    const { status, json } = await bulk(
      'CreateMultiple',
      ids.map((demo_readingid) => ({ demo_readingid })),
    );
    expect([status, json['Ids']]).toEqual([200, ids]);
  });

  test('DeleteMultiple is there, which no standard table has', async () => {
    const id = randomUUID();
    await service.call('POST', set, { demo_readingid: id, partitionid: 'p' });
    const { status } = await bulk('DeleteMultiple', [{ demo_readingid: id, partitionid: 'p' }]);
    expect(status).toBe(204);
    expect(await valueAt(`(${id})?partitionId=p`)).toBe(404);
  });

  test('a change set that fails leaves what it wrote', async () => {
    const id = randomUUID();
    const part = (number: number, body: object) =>
      `--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: ${number}\r\n\r\nPOST ${set} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
    const parts = [1, 2].map((number) => part(number, { demo_readingid: id, demo_value: number }));
    const body = `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${parts.join('')}--c--\r\n--b--\r\n`;
    const headers = { 'Content-Type': 'multipart/mixed; boundary=b' };
    const { status } = await service.call('POST', '$batch', body, headers);
    expect(status).toBe(412);
    expect(await valueAt(`(${id})`)).toBe(1);
  });

  test('rows nested in a POST are refused', async () => {
    const body = { demo_value: 1, createdby: { fullname: 'x' } };
    expect((await service.call('POST', set, body)).status).toBe(400);
  });
});

describe('A11 upsert', () => {
  test('overwrites the whole row; an update with If-Match does not', async () => {
    const id = await service.create(set, { demo_name: 'kept?', demo_value: 1 });
    await service.call('PATCH', `${set}(${id})`, { demo_value: 2 }, { 'If-Match': '*' });
    const updated = await service.call('GET', `${set}(${id})`);
    expect(updated.json).toMatchObject({ demo_name: 'kept?', demo_value: 2 });
    await service.call('PATCH', `${set}(${id})`, { demo_value: 3 });
    const upserted = await service.call('GET', `${set}(${id})`);
    expect(upserted.json).toMatchObject({ demo_name: null, demo_value: 3 });
    await bulk('UpsertMultiple', [{ demo_readingid: id, demo_name: 'again' }]);
    const again = await service.call('GET', `${set}(${id})`);
    expect(again.json).toMatchObject({ demo_name: 'again', demo_value: null });
  });

  test('goes to the partition that the key or the body names', async () => {
    const id = randomUUID();
    const key = `(demo_readingid=${id},partitionid='p')`;
    const made = await service.call('PATCH', `${set}${key}`, { demo_value: 1 });
    expect([made.status, made.headers.get('odata-entityid')]).toEqual([
      204,
      expect.stringContaining('partitionid='),
    ]);
    await bulk('UpsertMultiple', [{ demo_readingid: id, partitionid: 'p', demo_value: 2 }]);
    expect(await valueAt(`(${id})?partitionId=p`)).toBe(2);
    expect(await valueAt(`(${id})`)).toBe(404);
  });

  test('raises neither Create nor Update', async () => {
    const receiver = await startReceiver();
    try {
      for (const message of ['Create', 'Update']) {
        const table = 'demo_reading';
        await registerStep(service, { message, table, url: receiver.url, mode: 0 });
      }
      const heard = () => receiver.deliveries.map(({ context }) => context['MessageName']);
      const id = await service.create(set, { demo_value: 1 });
      expect(heard()).toEqual(['Create']);
      await service.call('PATCH', `${set}(${id})`, { demo_value: 2 });
      await service.call('PATCH', `${set}(${randomUUID()})`, { demo_value: 2 });
      expect(heard()).toEqual(['Create']);
      await service.call('PATCH', `${set}(${id})`, { demo_value: 3 }, { 'If-Match': '*' });
      expect(heard()).toEqual(['Create', 'Update']);
    } finally {
      await receiver.close();
    }
  });
});

test('a bad table type is refused', async () => {
  const definition = { ...tableBody('demo_Odd'), TableType: 'Rubber' };
  const { status, json } = await service.call('POST', 'EntityDefinitions', definition);
  expect([status, errorCode(json)]).toEqual([400, '0x80040203']);
});
