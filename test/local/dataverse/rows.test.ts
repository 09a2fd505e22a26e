import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const representation = { Prefer: 'return=representation' };

describe('A2: create, read, update, upsert, delete', () => {
  test('a create answers 204 with the row in OData-EntityId', async () => {
    const { status, headers, text } = await service.call('POST', 'contacts', { firstname: 'Ann' });
    expect([status, text]).toEqual([204, '']);
    expect(headers.get('odata-entityid')).toMatch(/\/api\/data\/v9\.2\/contacts\([0-9a-f-]{36}\)$/);
  });

  test('a create with representation answers 201 with an etag and no OData-EntityId', async () => {
    const answer = await service.call(
      'POST',
      'contacts?$select=lastname',
      { lastname: 'Lee', firstname: 'Kim' },
      representation,
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.get('odata-entityid')).toBeNull();
    expect(answer.json).toMatchObject({ lastname: 'Lee', contactid: expect.any(String) });
    expect(answer.json['@odata.etag']).toMatch(/^W\/"\d+"$/);
    expect(answer.json).not.toHaveProperty('firstname');
  });

  test('a PATCH by id creates and updates, 204 both ways', async () => {
    const id = randomUUID();
    const first = await service.call('PATCH', `contacts(${id})`, { lastname: 'One' });
    const second = await service.call('PATCH', `contacts(${id})`, { lastname: 'Two' });
    expect([first.status, second.status]).toEqual([204, 204]);
    const { json } = await service.call('GET', `contacts(${id})?$select=lastname`);
    expect(json['lastname']).toBe('Two');
  });

  test('with representation an upsert tells created (201) from updated (200)', async () => {
    const path = `contacts(${randomUUID()})?$select=contactid`;
    const first = await service.call('PATCH', path, { lastname: 'One' }, representation);
    const second = await service.call('PATCH', path, { lastname: 'Two' }, representation);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.headers.get('etag')).toBe(second.json['@odata.etag']);
    expect(Object.keys(second.json).sort()).toEqual(['@odata.context', '@odata.etag', 'contactid']);
  });

  test('a keyed upsert echoes the key form, not the GUID', async () => {
    const path = "contacts(msemr_azurefhirid='echo-1')";
    for (const lastname of ['One', 'Two']) {
      const { status, headers } = await service.call('PATCH', path, { lastname });
      expect(status).toBe(204);
      expect(headers.get('odata-entityid')).toBe(service.root + path);
    }
    const { json } = await service.call('GET', `${path}?$select=lastname,msemr_azurefhirid`);
    expect(json).toMatchObject({ lastname: 'Two', msemr_azurefhirid: 'echo-1' });
  });

  test('on create a body value of the key column wins over the URL, on update it is dropped', async () => {
    const url = "contacts(msemr_azurefhirid='in-url')";
    const body = { msemr_azurefhirid: 'in-body', lastname: 'X' };
    expect((await service.call('PATCH', url, body)).status).toBe(204);
    expect((await service.call('GET', url)).status).toBe(404);
    const kept = "contacts(msemr_azurefhirid='in-body')";
    await service.call('PATCH', kept, { msemr_azurefhirid: 'moved', lastname: 'Y' });
    expect((await service.call('GET', kept)).json).toMatchObject({ lastname: 'Y' });
  });

  test('If-Match: * updates only, If-None-Match: * creates only', async () => {
    const id = randomUUID();
    const missing = await service.call('PATCH', `contacts(${id})`, {}, { 'If-Match': '*' });
    expect([missing.status, missing.json]).toEqual([
      404,
      { error: { code: '0x80040217', message: `contact With Id = ${id} Does Not Exist` } },
    ]);
    const header = { 'If-None-Match': '*' };
    const made = await service.call('PATCH', `contacts(${id})`, { lastname: 'A' }, header);
    const again = await service.call('PATCH', `contacts(${id})`, { lastname: 'B' }, header);
    expect([made.status, again.status]).toEqual([204, 412]);
    expect(again.json).toMatchObject({ error: { code: '0x80040237' } });
  });

  test('If-None-Match: null is no condition', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const header = { 'If-None-Match': 'null' };
    const { status } = await service.call('PATCH', `contacts(${id})`, { lastname: 'B' }, header);
    expect(status).toBe(204);
  });

  test('a stale etag is refused with 412 and the row stays', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const { headers } = await service.call('GET', `contacts(${id})`);
    const stale = { 'If-Match': headers.get('etag') ?? '' };
    expect((await service.call('PATCH', `contacts(${id})`, { lastname: 'B' }, stale)).status).toBe(
      204,
    );
    for (const method of ['PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { lastname: 'C' } : undefined;
      const answer = await service.call(method, `contacts(${id})`, body, stale);
      expect([answer.status, answer.json]).toMatchObject([412, { error: { code: '0x80060882' } }]);
    }
    expect((await service.call('GET', `contacts(${id})`)).json['lastname']).toBe('B');
  });

  test('a conditional GET answers 304 until the row changes, and never with annotations', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const { headers } = await service.call('GET', `contacts(${id})`);
    const known = { 'If-None-Match': headers.get('etag') ?? '' };
    expect((await service.call('GET', `contacts(${id})`, undefined, known)).status).toBe(304);
    const annotated = { ...known, Prefer: 'odata.include-annotations="*"' };
    expect((await service.call('GET', `contacts(${id})`, undefined, annotated)).status).toBe(200);
    await service.call('PATCH', `contacts(${id})`, { lastname: 'B' });
    expect((await service.call('GET', `contacts(${id})`, undefined, known)).status).toBe(200);
  });

  test('one column is put, read and deleted; the row is deleted once', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const column = `contacts(${id})/lastname`;
    expect((await service.call('PUT', column, { value: 'B' })).status).toBe(204);
    expect((await service.call('GET', column)).json['value']).toBe('B');
    expect((await service.call('DELETE', column)).status).toBe(204);
    expect((await service.call('GET', column)).status).toBe(204);
    expect((await service.call('DELETE', `contacts(${id})`)).status).toBe(204);
    expect((await service.call('DELETE', `contacts(${id})`)).status).toBe(404);
  });

  test('a read without $select returns every column, null where unset', async () => {
    const id = await service.create('contacts', { lastname: 'A' });
    const { json } = await service.call('GET', `contacts(${id})`);
    expect(json).toMatchObject({
      lastname: 'A',
      middlename: null,
      statecode: 0,
      statuscode: 1,
      _ownerid_value: expect.any(String),
      versionnumber: expect.any(Number),
      createdon: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });
});

describe('A2: alternate keys in URLs', () => {
  test.each(['a/b', 'a<b', 'a>b', 'a*b', 'a%b', 'a&b', 'a:b', 'a\\b', 'a?b', 'a+b'])(
    'the value %s is refused even when encoded',
    async (value) => {
      const path = `contacts(msemr_azurefhirid='${encodeURIComponent(value)}')`;
      expect((await service.call('PATCH', path, { lastname: 'A' })).status).toBe(400);
    },
  );

  test('quotes are doubled and values are found without regard to case', async () => {
    await service.create('contacts', { msemr_azurefhirid: "O'Neil", lastname: 'A' });
    const { json } = await service.call('GET', "contacts(msemr_azurefhirid='o''neil')");
    expect(json['lastname']).toBe('A');
  });

  test('a name that is neither the primary key nor a declared key is 400', async () => {
    const { status } = await service.call('GET', "contacts(lastname='A')");
    expect(status).toBe(400);
  });

  test('a composite key takes a lookup as _name_value, in any order', async () => {
    const parent = await service.create('contacts', { lastname: 'P' });
    const key = `new_things(new_count=5,_new_parent_value=${parent})`;
    expect((await service.call('PATCH', key, { new_name: 'composite' })).status).toBe(204);
    const { json } = await service.call('GET', key);
    expect(json).toMatchObject({ new_name: 'composite', new_count: 5, _new_parent_value: parent });
  });

  test('a second row with the same key values is 412 0x80060892', async () => {
    await service.create('contacts', { msemr_azurefhirid: 'unique-1' });
    const { status, json } = await service.call('POST', 'contacts', {
      msemr_azurefhirid: 'UNIQUE-1',
    });
    expect([status, json]).toMatchObject([412, { error: { code: '0x80060892' } }]);
  });

  test('rows with a null key part do not collide, and a freed value can be used again', async () => {
    await service.create('new_things', { new_count: 9 });
    expect((await service.call('POST', 'new_things', { new_count: 9 })).status).toBe(204);
    const id = await service.create('new_things', { new_name: 'freed' });
    await service.call('PATCH', `new_things(${id})`, { new_name: null });
    expect((await service.call('POST', 'new_things', { new_name: 'freed' })).status).toBe(204);
  });

  test('a missing key value is 404 0x80060891', async () => {
    const { status, json } = await service.call('GET', "contacts(msemr_azurefhirid='nobody')");
    expect([status, json]).toMatchObject([404, { error: { code: '0x80060891' } }]);
  });
});

describe('A1: errors of a body', () => {
  test.each([
    ['an unknown property', { nosuch: 1 }, '0x80048d19'],
    ['a wrong type', { lastname: 5 }, '0x80048d19'],
    ['a text as a choice', { gendercode: '1' }, '0x80048d19'],
    ['a choice that does not exist', { gendercode: 99 }, '0x8004431a'],
    ['a text over its MaxLength', { msemr_azurefhirid: 'x'.repeat(39) }, '0x80044331'],
    ['a lookup set by its value', { _parentcustomerid_value: randomUUID() }, '0x80060888'],
    ['a date that is none', { msemr_deceaseddate: 'tomorrow' }, '0x80048d19'],
  ])('%s is 400 and writes nothing', async (_, body, code) => {
    const id = randomUUID();
    const { status, json } = await service.call('PATCH', `contacts(${id})`, body);
    expect([status, json]).toMatchObject([400, { error: { code, message: expect.any(String) } }]);
    expect(Object.keys(json)).toEqual(['error']);
    expect((await service.call('GET', `contacts(${id})`)).status).toBe(404);
  });

  test('a body that is no JSON object is 400', async () => {
    expect((await service.call('POST', 'contacts', '{"a":')).status).toBe(400);
    expect((await service.call('POST', 'contacts', '[]')).status).toBe(400);
  });

  test('a body over the payload cap is 413, before it is read', async () => {
    const headers = { 'Content-Length': 123_000_000 };
    const sending = request(`${service.root}contacts`, { method: 'POST', headers });
    sending.on('error', () => undefined).flushHeaders();
    const [response] = await once(sending, 'response');
    expect(response.statusCode).toBe(413);
    sending.destroy();
  });

  test('an unknown entity set is 404 0x8006088a', async () => {
    const { status, json } = await service.call('GET', 'Contacts');
    expect([status, json]).toMatchObject([404, { error: { code: '0x8006088a' } }]);
  });

  test('a verb that a resource does not have is 405', async () => {
    expect((await service.call('PUT', 'contacts', {})).status).toBe(405);
  });

  test('dates are kept in UTC to the second, date-only columns to the day', async () => {
    const id = await service.create('new_things', {
      new_at: '2024-03-01T10:00:00.900+02:00',
      new_day: '2024-03-01',
      new_flags: '3,1',
    });
    const { json } = await service.call('GET', `new_things(${id})`);
    expect(json).toMatchObject({
      new_at: '2024-03-01T08:00:00Z',
      new_day: '2024-03-01',
      new_flags: '1,3',
    });
  });
});
