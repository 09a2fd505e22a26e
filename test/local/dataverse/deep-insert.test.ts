import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const children = 'new_thing_new_parent_contact';
const things = async (filter: string) => {
  const query = `new_things?$select=new_name,_new_parent_value&$orderby=new_name&$filter=${encodeURIComponent(filter)}`;
  return (await service.call('GET', query)).json['value'] as Record<string, unknown>[];
};
const count = async (set: string) => (await service.call('GET', `${set}/$count`)).text;

describe('A2: deep insert', () => {
  test('an object under a single-valued navigation property becomes a row and is bound', async () => {
    const id = await service.create('new_things', {
      new_name: 'outer',
      new_Parent: { lastname: 'Inner' },
    });
    const { json } = await service.call('GET', `new_things(${id})?$expand=new_Parent`);
    expect(json).toMatchObject({ new_name: 'outer', new_Parent: { lastname: 'Inner' } });
  });

  test('objects of an array under a collection become rows that point back', async () => {
    const id = await service.create('contacts', {
      lastname: 'Parent',
      [children]: [{ new_name: 'one' }, { new_name: 'two' }],
    });
    expect(await things(`_new_parent_value eq ${id}`)).toMatchObject([
      { new_name: 'one', _new_parent_value: id },
      { new_name: 'two', _new_parent_value: id },
    ]);
  });

  test('nesting goes on to any depth, polymorphic lookups name their target', async () => {
    const { json } = await service.call(
      'POST',
      'new_things?$expand=new_about_contact($select=lastname)',
      {
        new_name: 'deep',
        new_about_contact: { lastname: 'Middle', [children]: [{ new_name: 'leaf' }] },
      },
      { Prefer: 'return=representation' },
    );
    const middle = json['_new_about_value'];
    expect(json['new_about_contact']).toMatchObject({ lastname: 'Middle' });
    expect(await things(`_new_parent_value eq ${middle}`)).toMatchObject([{ new_name: 'leaf' }]);
  });

  test('all rows are written or none', async () => {
    const before = [await count('contacts'), await count('new_things')];
    for (const bad of [{ new_name: 'x'.repeat(21) }, { nosuch: 1 }, 'text']) {
      const body = { lastname: 'P', [children]: [{ new_name: 'fine' }, bad] };
      expect((await service.call('POST', 'contacts', body)).status).toBe(400);
    }
    expect([await count('contacts'), await count('new_things')]).toEqual(before);
  });

  test('a row that cannot be written inside a batch leaves the rest of the batch', async () => {
    const bad = JSON.stringify({ lastname: 'bad', [children]: [{ nosuch: 1 }] });
    const part = (body: string) =>
      `--b\r\nContent-Type: application/http\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${body}\r\n`;
    const before = Number((await count('contacts')).replace('\uFEFF', ''));
    const { text } = await service.call('POST', '$batch', `${part(bad)}${part('{}')}--b--\r\n`, {
      'Content-Type': 'multipart/mixed; boundary=b',
      Prefer: 'odata.continue-on-error',
    });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 204']);
    expect(Number((await count('contacts')).replace('\uFEFF', ''))).toBe(before + 1);
  });

  test('more than 1000 rows are refused', async () => {
    const items = Array.from({ length: 1000 }, () => ({}));
    const { status, text } = await service.call('POST', 'contacts', { [children]: items });
    expect([status, text]).toEqual([400, expect.stringContaining('1000 rows')]);
  });

  test('it is no part of an upsert or update', async () => {
    const id = await service.create('new_things', { new_name: 'flat' });
    const nested = { new_Parent: { lastname: 'No' } };
    for (const key of [id, "new_name='flat'"]) {
      expect((await service.call('PATCH', `new_things(${key})`, nested)).status).toBe(400);
    }
    expect((await service.call('PATCH', `new_things(${id})`, { new_nobody: [] })).status).toBe(400);
  });

  test('an unknown navigation property is 400', async () => {
    for (const body of [{ new_parent: {} }, { nosuch: [{}] }]) {
      expect((await service.call('POST', 'new_things', body)).status).toBe(400);
    }
  });
});

describe('references of collections', () => {
  test('POST to a collection’s $ref sets the lookup, DELETE clears it', async () => {
    const parent = await service.create('contacts', { lastname: 'P' });
    const child = await service.create('new_things', { new_name: 'c' });
    const link = `contacts(${parent})/${children}`;
    const body = { '@odata.id': `${service.root}new_things(${child})` };
    expect((await service.call('POST', `${link}/$ref`, body)).status).toBe(204);
    expect(await things(`_new_parent_value eq ${parent}`)).toHaveLength(1);
    const out = `${link}/$ref?$id=${encodeURIComponent(`${service.root}new_things(${child})`)}`;
    expect((await service.call('DELETE', out)).status).toBe(204);
    expect(await things(`_new_parent_value eq ${parent}`)).toEqual([]);
    await service.call('POST', `${link}/$ref`, body);
    expect((await service.call('DELETE', `${link}(${child})/$ref`)).status).toBe(204);
    expect(await things(`_new_parent_value eq ${parent}`)).toEqual([]);
  });
});
