import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
  const rows = [
    { new_kind: 1, new_count: 1, new_amount: 10, new_note: 'a', new_done: true },
    { new_kind: 1, new_count: 2, new_amount: 20, new_note: 'A', new_done: false },
    { new_kind: 2, new_count: 3, new_amount: 60, new_note: 'b', new_done: true },
    { new_count: 4, new_at: '2024-01-02T00:00:00Z', new_note: 'c' },
  ];
  for (const row of rows) {
    await service.create('new_things', row);
  }
});
afterAll(() => service.close());

const get = (apply: string, more = '') =>
  service.call('GET', `new_things?$apply=${encodeURIComponent(apply)}${more}`);

describe('A8: $apply', () => {
  test.each([
    ['groupby((new_kind))', [{ new_kind: null }, { new_kind: 1 }, { new_kind: 2 }]],
    [
      'groupby((new_kind),aggregate($count as n))',
      [
        { new_kind: null, n: 1 },
        { new_kind: 1, n: 2 },
        { new_kind: 2, n: 1 },
      ],
    ],
    ['aggregate(new_amount with sum as total)', [{ total: 90 }]],
    [
      'aggregate(new_count with min as low,new_count with max as high,new_count with average as mean)',
      [{ low: 1, high: 4, mean: 2.5 }],
    ],
    ['aggregate(new_kind with countdistinct as kinds, $count as all)', [{ kinds: 2, all: 4 }]],
    [
      'filter(new_done eq true)/groupby((new_kind),aggregate(new_amount with sum as total))',
      [
        { new_kind: 1, total: 10 },
        { new_kind: 2, total: 60 },
      ],
    ],
    [
      'groupby((new_done),aggregate($count as n))',
      [
        { new_done: null, n: 1 },
        { new_done: false, n: 1 },
        { new_done: true, n: 2 },
      ],
    ],
    ['aggregate(new_at with max as last)', [{ last: '2024-01-02T00:00:00Z' }]],
  ])('%s', async (apply, expected) => {
    const { status, json } = await get(apply);
    expect([status, json['value']]).toEqual([200, expected]);
  });

  test('text is grouped without case, $filter and $orderby apply', async () => {
    const groups = 'groupby((new_note),aggregate($count as n))';
    const more = `&$orderby=new_note desc&${filter('new_count lt 4')}`;
    expect((await get(groups, more)).json['value']).toMatchObject([{ n: 1 }, { n: 2 }]);
  });

  test.each([
    ['groupby((new_at))', 400],
    ['groupby((nosuch))', 400],
    ['aggregate(new_note with sum as x)', 400],
    ['aggregate(new_count with median as x)', 400],
    ['nonsense', 400],
    ['aggregate(new_count with sum as x)/groupby((new_kind))', 400],
    ['groupby((new_Parent/lastname))', 501],
  ])('%s is refused', async (apply, status) => {
    expect((await get(apply)).status).toBe(status);
  });

  test('ordering by an aggregate is refused, as the service does', async () => {
    const { json } = await get('groupby((new_kind),aggregate($count as n))', '&$orderby=n');
    expect(json).toMatchObject({
      error: { message: 'The query node SingleValueOpenPropertyAccess is not supported.' },
    });
  });
});

describe('A8: $expand of collections', () => {
  const children = 'new_thing_new_parent_contact';
  test('options nest, and more rows than a page have a link of their own', async () => {
    const id = await service.create('contacts', {
      lastname: 'P',
      [children]: [1, 2, 3, 4].map((count) => ({ new_count: 10 + count, new_kind: 1 })),
    });
    const query = `contacts(${id})?$expand=${children}($select=new_count;$filter=new_count gt 11;$orderby=new_count desc)`;
    const headers = { Prefer: 'odata.maxpagesize=2' };
    const { json } = await service.call('GET', query, undefined, headers);
    expect(json[children]).toMatchObject([{ new_count: 14 }, { new_count: 13 }]);
    const link = String(json[`${children}@odata.nextLink`]).slice(service.root.length);
    const rest = await service.call('GET', link, undefined, headers);
    expect(rest.json['value']).toMatchObject([{ new_count: 12 }]);
    expect(rest.json).not.toHaveProperty('@odata.nextLink');
    const first = rest.json['value'] as Record<string, unknown>[];
    expect(Object.keys(first[0] ?? {})).not.toContain('new_kind');
  });

  test('a collection that fits, or is cut by $top, has none', async () => {
    const id = await service.create('contacts', { [children]: [{}, {}] });
    for (const options of ['', '($top=1)']) {
      const { json } = await service.call('GET', `contacts(${id})?$expand=${children}${options}`);
      expect(json).not.toHaveProperty(`${children}@odata.nextLink`);
      expect(json[children]).toHaveLength(options === '' ? 2 : 1);
    }
  });
});
