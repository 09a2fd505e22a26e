import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const code = (json: Readonly<Record<string, unknown>>) =>
  (json['error'] as { code: string } | undefined)?.code;
const batch = (parts: readonly string[], headers = {}) =>
  service.call('POST', '$batch', `${parts.join('')}--b--\r\n`, {
    'Content-Type': 'multipart/mixed; boundary=b',
    ...headers,
  });
const get = (path: string, headers = '') =>
  `--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET /api/data/v9.2/${path} HTTP/1.1\r\n${headers}\r\n\r\n`;

describe('A1: base request', () => {
  test('names of sets, properties and navigation properties are case sensitive', async () => {
    expect((await service.call('GET', 'Contacts')).status).toBe(404);
    expect((await service.call('GET', 'contacts?$select=LastName')).status).toBe(400);
    expect((await service.call('GET', 'new_things?$expand=new_parent')).status).toBe(400);
    expect((await service.call('POST', 'contacts', { LastName: 'A' })).status).toBe(400);
  });

  test('an error has code and message only; with all annotations it has its details', async () => {
    const path = 'contacts(00000000-0000-0000-0000-000000000001)';
    const plain = await service.call('GET', path);
    expect(Object.keys(plain.json['error'] as object)).toEqual(['code', 'message']);
    const headers = { Prefer: 'odata.include-annotations="*"' };
    const { json } = await service.call('GET', path, undefined, headers);
    expect(Object.keys(json['error'] as object)).toEqual([
      'code',
      'message',
      '@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus',
      '@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode',
      '@Microsoft.PowerApps.CDS.HelpLink',
      '@Microsoft.PowerApps.CDS.TraceText',
      '@Microsoft.PowerApps.CDS.InnerError.Message',
    ]);
    const part = await batch([get(path, 'Prefer: odata.include-annotations="*"\r\n')]);
    expect(part.text).toContain('@Microsoft.PowerApps.CDS.HelpLink');
  });

  test('every answer has an id of its own in two headers', async () => {
    const ids = [];
    for (const path of ['contacts?$top=1', 'nosuch']) {
      const { headers } = await service.call('GET', path);
      expect(headers.get('req_id')).toBe(headers.get('x-ms-service-request-id'));
      ids.push(headers.get('req_id'));
    }
    expect(new Set(ids).size).toBe(2);
  });
});

describe('A2: keys and versions', () => {
  test('systemuser and team are not addressed by a named primary key', async () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000001';
    expect((await service.call('GET', `systemusers(${id})`)).status).toBe(200);
    expect((await service.call('GET', `systemusers(systemuserid=${id})`)).status).toBe(400);
    const contact = await service.create('contacts', {});
    expect((await service.call('GET', `contacts(contactid=${contact})`)).status).toBe(200);
  });

  test('an etag is refused with 400 0x8006088d where optimistic concurrency is off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dataverse-conformance-'));
    const file = join(folder, 'model.json');
    const tables = { new_loose: { columns: {}, optimisticConcurrency: false } };
    writeFileSync(file, JSON.stringify({ tables }));
    const loose = await startService({ extensions: [file] });
    const id = await loose.create('new_looses', {});
    const headers = { 'If-Match': 'W/"1"' };
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? {} : undefined;
      const { status, json } = await loose.call(method, `new_looses(${id})`, body, headers);
      expect([status, code(json)]).toEqual([400, '0x8006088d']);
    }
    const any = await loose.call('PATCH', `new_looses(${id})`, {}, { 'If-Match': '*' });
    expect(any.status).toBe(204);
    const path =
      "EntityDefinitions(LogicalName='new_loose')?$select=IsOptimisticConcurrencyEnabled";
    const { json } = await loose.call('GET', path);
    expect(json['IsOptimisticConcurrencyEnabled']).toBe(false);
    await loose.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('an update with equal values is a write: the version rises', async () => {
    const id = await service.create('contacts', { lastname: 'Same' });
    const etag = async () =>
      (await service.call('GET', `contacts(${id})?$select=lastname`)).json['@odata.etag'];
    const before = await etag();
    await service.call('PATCH', `contacts(${id})`, { lastname: 'Same' });
    expect(await etag()).not.toBe(before);
  });

  test('a failed key is reactivated once its rows no longer collide', async () => {
    const ids = [];
    for (let count = 0; count < 2; count += 1) {
      ids.push(await service.create('new_things', { new_note: 'n', new_kind: 2 }));
    }
    const keys = "EntityDefinitions(LogicalName='new_thing')/Keys";
    await service.call('POST', keys, { SchemaName: 'new_ByKind', KeyAttributes: ['new_kind'] });
    const status = async () => {
      const { json } = await service.call('GET', `${keys}(LogicalName='new_bykind')`);
      return json['EntityKeyIndexStatus'];
    };
    const reactivate = () =>
      service.call('POST', 'ReactivateEntityKey', {
        EntityLogicalName: 'new_thing',
        EntityKeyLogicalName: 'new_bykind',
      });
    expect(await status()).toBe('Failed');
    expect([(await reactivate()).status, await status()]).toEqual([204, 'Failed']);
    await service.call('PATCH', `new_things(${ids[0]})`, { new_kind: 1 });
    expect([(await reactivate()).status, await status()]).toEqual([204, 'Active']);
    expect((await service.call('GET', 'new_things(new_kind=2)')).json['new_thingid']).toBe(ids[1]);
    expect((await reactivate()).status).toBe(400);
  });

  test('of many upserts of one new key at once exactly one creates', async () => {
    const path = "contacts(msemr_azurefhirid='race')?$select=contactid";
    const headers = { Prefer: 'return=representation' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => service.call('PATCH', path, {}, headers)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(answers.map(({ json }) => json['contactid'])).size).toBe(1);
  });
});

describe('A4: $batch', () => {
  test('a URL inside a batch may be longer than one outside', async () => {
    const filter = encodeURIComponent(
      `Microsoft.Dynamics.CRM.In(PropertyName='lastname',PropertyValues=["${'x'.repeat(60_000)}"])`,
    );
    const { text } = await batch([get(`contacts?$filter=${filter}`)]);
    expect(text).toContain('HTTP/1.1 200');
  });
});

describe('A8: $count', () => {
  test('counts no further than 5000', async () => {
    const Targets = Array.from({ length: 5_100 }, () => ({
      '@odata.type': 'Microsoft.Dynamics.CRM.account',
    }));
    await service.call('POST', 'accounts/Microsoft.Dynamics.CRM.CreateMultiple', { Targets });
    const { json } = await service.call('GET', 'accounts?$select=accountid&$count=true&$top=1');
    expect(json['@odata.count']).toBe(5000);
    expect((await service.call('GET', 'accounts/$count')).text.replace('\uFEFF', '')).toBe('5000');
  });
});

describe('A10: change tracking', () => {
  const tracked = { Prefer: 'odata.track-changes' };
  const start = async () => {
    const { json } = await service.call('GET', 'new_things?$select=new_name', undefined, tracked);
    return String(json['@odata.deltaLink']).slice(service.root.length);
  };

  test('a row created and deleted since appears as deleted', async () => {
    const link = await start();
    const id = await service.create('new_things', {});
    await service.call('DELETE', `new_things(${id})`);
    const { json } = await service.call('GET', link);
    expect(json['value']).toEqual([
      { '@odata.context': expect.stringContaining('/$deletedEntity'), id, reason: 'deleted' },
    ]);
  });

  test('$count with a delta token counts the changes', async () => {
    const link = await start();
    await service.create('new_things', {});
    await service.create('new_things', {});
    const token = /\$deltatoken=[^&]+/.exec(link)?.[0];
    expect((await service.call('GET', `new_things/$count?${token}`)).text).toContain('2');
  });

  test('a table without it is 400 0x80072491', async () => {
    const { status, json } = await service.call('GET', 'new_nobulks', undefined, tracked);
    expect([status, code(json)]).toEqual([400, '0x80072491']);
  });
});
