import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorCode, label, listOf, tableBody, typed } from './metadata-definitions.ts';
import { filter, startService, type TestService } from './web-api-client.ts';

// facts/dataverse-and-events.md A11 (virtual tables); Microsoft, "Create and edit virtual tables".

const odataProvider = '7015a531-cc0d-4537-b5f2-c882a1eb65ad';

/** An OData service with one collection, as the provider expects it. */
class Source {
  readonly rows = new Map<string, Record<string, unknown>>();
  readonly calls: string[] = [];
  /** Answered to everything when set. */
  status: number | undefined;
  readonly #server: Server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    this.calls.push(`${method} ${url}`);
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const [, id = ''] = /\(([^)]*)\)/.exec(url) ?? [];
    const { status, body } = this.#answer(method, id, text === '' ? {} : JSON.parse(text));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/odata`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(method: string, id: string, body: Record<string, unknown>) {
    if (this.status !== undefined) {
      return { status: this.status, body: {} };
    }
    const row = this.rows.get(id);
    if (method === 'POST') {
      this.rows.set(String(body['demo_ticketid']), body);
      return { status: 201, body };
    }
    if (id === '') {
      return { status: 200, body: { value: [...this.rows.values()] } };
    }
    if (row === undefined) {
      return { status: 404, body: {} };
    }
    if (method === 'PATCH') {
      Object.assign(row, body);
    } else if (method === 'DELETE') {
      this.rows.delete(id);
    }
    return method === 'GET' ? { status: 200, body: row } : { status: 204, body: undefined };
  }
}

const source = new Source();
let service: TestService;
let dataSource: string;
const set = 'demo_tickets';

const definition = (more: object) => ({
  ...tableBody('demo_Ticket'),
  Attributes: [typed('String', 'demo_Name', { IsPrimaryName: true, ExternalName: 'Title' })],
  ...{ TableType: 'Virtual', OwnershipType: 'OrganizationOwned' },
  ...{ DataProviderId: odataProvider, DataSourceId: dataSource },
  ...{ ExternalName: 'Ticket', ExternalCollectionName: 'Tickets' },
  ...more,
});

beforeAll(async () => {
  service = await startService();
  const msdyn_uri = await source.start();
  dataSource = await service.create('msdyn_odatav4dses', { msdyn_name: 'tickets', msdyn_uri });
  const { status } = await service.call('POST', 'EntityDefinitions', definition({}));
  expect(status).toBe(204);
  const place = "EntityDefinitions(LogicalName='demo_ticket')/Attributes";
  const column = typed('Integer', 'demo_Count', { DisplayName: label('n'), ExternalName: 'N' });
  expect((await service.call('POST', place, column)).status).toBe(204);
});
afterAll(async () => {
  await service.close();
  await source.stop();
});

const [first, second] = [randomUUID(), randomUUID()];
beforeEach(() => {
  source.status = undefined;
  source.rows.clear();
  source.rows.set(first, { demo_ticketid: first, Title: 'One', N: 1 });
  source.rows.set(second, { demo_ticketid: second, Title: 'Two', N: 2 });
  source.calls.length = 0;
});

describe('A11 the table', () => {
  test('its metadata tell the type, the provider and the names in the source', async () => {
    const { json } = await service.call('GET', "EntityDefinitions(LogicalName='demo_ticket')");
    expect(json).toMatchObject({
      ...{ TableType: 'Virtual', DataProviderId: odataProvider, DataSourceId: dataSource },
      ...{ ExternalName: 'Ticket', ExternalCollectionName: 'Tickets' },
      ...{ OwnershipType: 'OrganizationOwned', ChangeTrackingEnabled: false },
    });
  });

  test('takes no alternate keys', async () => {
    const body = { SchemaName: 'demo_ByName', KeyAttributes: ['demo_name'] };
    const place = "EntityDefinitions(LogicalName='demo_ticket')/Keys";
    expect((await service.call('POST', place, body)).status).toBe(400);
  });

  test('tracks no changes, at its making or later', async () => {
    const tracked = definition({ SchemaName: 'demo_Other', ChangeTrackingEnabled: true });
    expect((await service.call('POST', 'EntityDefinitions', tracked)).status).toBe(400);
    const place = "EntityDefinitions(LogicalName='demo_ticket')";
    const later = await service.call('PUT', place, { ChangeTrackingEnabled: true });
    expect(later.status).toBe(400);
    const headers = { Prefer: 'odata.track-changes' };
    const { status, json } = await service.call('GET', set, undefined, headers);
    expect([status, errorCode(json)]).toEqual([400, '0x80072491']);
  });

  test.each([
    ['another provider', { DataProviderId: randomUUID() }],
    ['no data source', { DataSourceId: null }],
    ['no collection', { ExternalCollectionName: null }],
    ['an owner', { OwnershipType: 'UserOwned' }],
  ])('is refused with %s', async (_, more) => {
    const body = definition({ SchemaName: 'demo_Other', ...more });
    expect((await service.call('POST', 'EntityDefinitions', body)).status).toBe(400);
  });
});

describe('A11 reads map to the source', () => {
  test('a row, under the names of the table, as it is there now', async () => {
    const select = '?$select=demo_name,demo_count';
    const { json } = await service.call('GET', `${set}(${first})${select}`);
    expect(json).toMatchObject({ demo_ticketid: first, demo_name: 'One', demo_count: 1 });
    source.rows.set(first, { demo_ticketid: first, Title: 'Changed', N: 7 });
    const again = await service.call('GET', `${set}(${first})${select}`);
    expect(again.json).toMatchObject({ demo_name: 'Changed', demo_count: 7 });
    expect(source.calls).toEqual(Array(2).fill(`GET /odata/Tickets(${first})`));
    expect((await service.call('GET', `${set}(${randomUUID()})`)).status).toBe(404);
  });

  test('a query with filter, order and count, alone and in a batch', async () => {
    const test = filter("demo_count ge 1 and startswith(demo_name,'T')");
    const query = `${set}?${test}&$orderby=demo_count%20desc&$count=true`;
    const { json } = await service.call('GET', query);
    expect(json['@odata.count']).toBe(1);
    expect(listOf(json).map((row) => row.demo_name)).toEqual(['Two']);
    const batch = `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET ${query} HTTP/1.1\r\n\r\n\r\n--b--\r\n`;
    const headers = { 'Content-Type': 'multipart/mixed; boundary=b' };
    const { status, text } = await service.call('POST', '$batch', batch, headers);
    expect(status).toBe(200);
    expect(text).toContain('"demo_name":"Two"');
  });

  test('nothing of it is kept', async () => {
    await service.call('GET', set);
    const { json } = await service.control('GET', 'status');
    expect(Object.keys(Object(json['rows']))).not.toContain('demo_ticket');
  });

  test('a failing source is a failing plug-in', async () => {
    source.status = 503;
    const { status, json } = await service.call('GET', set);
    expect([status, errorCode(json)]).toEqual([400, '0x80040265']);
  });

  test('an address outside loopback is not called', async () => {
    const far = await service.create('msdyn_odatav4dses', { msdyn_uri: 'http://10.0.0.1/odata' });
    const body = definition({ SchemaName: 'demo_Far', DataSourceId: far });
    expect((await service.call('POST', 'EntityDefinitions', body)).status).toBe(204);
    const { status, json } = await service.call('GET', 'demo_fars');
    expect([status, errorCode(json)]).toEqual([400, '0x80040265']);
  });
});

describe('A11 writes are the provider’s', () => {
  test('create, update, upsert and delete reach the source once each', async () => {
    const made = await service.call('POST', set, { demo_name: 'New', demo_count: 3 });
    expect(made.status).toBe(204);
    const [, id = ''] = /\(([^)]+)\)$/.exec(made.headers.get('odata-entityid') ?? '') ?? [];
    expect(source.rows.get(id)).toMatchObject({ Title: 'New', N: 3 });
    const change = await service.call('PATCH', `${set}(${id})`, { demo_count: 4 });
    expect([change.status, source.rows.get(id)]).toEqual([204, expect.objectContaining({ N: 4 })]);
    const other = randomUUID();
    expect((await service.call('PATCH', `${set}(${other})`, { demo_name: 'Up' })).status).toBe(204);
    expect(source.rows.get(other)).toMatchObject({ Title: 'Up' });
    expect((await service.call('DELETE', `${set}(${other})`)).status).toBe(204);
    expect(source.rows.has(other)).toBe(false);
    const kinds = source.calls.map((call) => call.split(' ')[0]);
    expect(kinds.filter((kind) => kind !== 'GET')).toEqual(['POST', 'PATCH', 'POST', 'DELETE']);
  });

  test('If-Match: * updates only', async () => {
    const path = `${set}(${randomUUID()})`;
    const { status } = await service.call('PATCH', path, { demo_name: 'x' }, { 'If-Match': '*' });
    expect(status).toBe(404);
  });

  test('a read-only source refuses them', async () => {
    const place = `msdyn_odatav4dses(${dataSource})`;
    await service.call('PATCH', place, { msdyn_isreadonly: true });
    const { status, json } = await service.call('POST', set, { demo_name: 'x' });
    await service.call('PATCH', place, { msdyn_isreadonly: false });
    expect([status, errorCode(json), source.rows.size]).toEqual([400, '0x80040265', 2]);
  });

  test('bulk messages are not there', async () => {
    const body = { Targets: [] };
    const { status } = await service.call(
      'POST',
      `${set}/Microsoft.Dynamics.CRM.CreateMultiple`,
      body,
    );
    expect(status).toBeGreaterThanOrEqual(400);
  });
});
