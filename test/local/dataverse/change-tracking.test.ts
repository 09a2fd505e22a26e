import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ deltaLifeMs: 5000 });
});
afterAll(() => service.close());

const track = { Prefer: 'odata.track-changes,odata.maxpagesize=2' };
const rows = (json: Readonly<Record<string, unknown>>) => {
  const value = json['value'];
  return Array.isArray(value) ? value : [];
};

async function follow(link: unknown) {
  return service.call('GET', String(link).slice(service.root.length), undefined, track);
}

describe('A10: change tracking', () => {
  test('pages lead to a delta link, which leads to changes, deletes last', async () => {
    const ids = [];
    for (const new_name of ['a', 'b', 'c']) {
      ids.push(await service.create('new_things', { new_name }));
    }
    const first = await service.call('GET', 'new_things?$select=new_name', undefined, track);
    expect(first.json).not.toHaveProperty('@odata.deltaLink');
    const between = await service.create('new_things', { new_name: 'd' });
    const second = await follow(first.json['@odata.nextLink']);
    const link = second.json['@odata.deltaLink'];
    expect([...rows(first.json), ...rows(second.json)].map((row) => row['new_name'])).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    await service.call('DELETE', `new_things(${ids[0]})`);
    await service.call('PATCH', `new_things(${ids[1]})`, { new_name: 'b2' });
    const shortLived = await service.create('new_things', { new_name: 'gone' });
    await service.call('DELETE', `new_things(${shortLived})`);
    const delta = await follow(link);
    expect(rows(delta.json)).toMatchObject([
      { new_thingid: between, new_name: 'd' },
      { new_thingid: ids[1], new_name: 'b2' },
      { id: ids[0], reason: 'deleted' },
      { id: shortLived, reason: 'deleted' },
    ]);
    expect(rows(delta.json)[2]['@odata.context']).toBe(
      `${service.root}$metadata#new_things/$deletedEntity`,
    );
    const quiet = await follow(delta.json['@odata.deltaLink']);
    expect(rows(quiet.json)).toEqual([]);
    const tokenQuery = String(link).split('?')[1] ?? '';
    const counted = await service.call('GET', `new_things/$count?${tokenQuery}`);
    expect(counted.text.replace(/^\uFEFF/, '')).toBe('2');
  });

  test.each(['$filter=new_count%20eq%201', '$orderby=new_name', '$top=1', '$expand=new_Parent'])(
    '%s beside it is refused',
    async (option) => {
      const { status } = await service.call('GET', `new_things?${option}`, undefined, track);
      expect(status).toBe(400);
    },
  );

  test('a table without change tracking is refused', async () => {
    expect((await service.call('GET', 'new_nobulks', undefined, track)).status).toBe(400);
  });

  test('an expired or malformed delta link is 400', async () => {
    const old = `new_things?$deltatoken=${encodeURIComponent(`1!${Date.now() - 60_000}`)}`;
    const { status, json } = await service.call('GET', old);
    expect([status, json]).toMatchObject([400, { error: { code: '0x80044352' } }]);
    expect((await service.call('GET', 'new_things?$deltatoken=x')).status).toBe(400);
  });
});
