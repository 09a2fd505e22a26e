import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

let service: TestService;
let account: string;
let parent: string;
beforeAll(async () => {
  service = await startService();
  account = await service.create('accounts', { name: 'Clinic', accountnumber: 'A1' });
  parent = await service.create('contacts', { lastname: 'Parent', msemr_azurefhirid: 'p1' });
  const rows = [
    { new_name: 'Alpha', new_count: 1, new_kind: 1, new_day: '2024-01-01', new_done: true },
    { new_name: 'beta', new_count: 2, new_kind: 2, new_day: '2024-02-01', new_note: 'BETA' },
    { new_name: "O'Hara", new_count: 3, new_amount: 2.5, new_at: '2024-01-01T10:00:00Z' },
    { new_name: 'a_c', new_count: 4, 'new_Parent@odata.bind': `contacts(${parent})` },
    { new_name: 'abc', new_count: 5, 'new_about_account@odata.bind': `accounts(${account})` },
    { new_name: '50% off', new_count: 6, 'new_about_contact@odata.bind': `contacts(${parent})` },
  ];
  for (const row of rows) {
    await service.create('new_things', row);
  }
});
afterAll(() => service.close());

async function counts(text: string, aliases = ''): Promise<unknown[]> {
  const query = `new_things?$select=new_count&$orderby=new_count&${filter(text)}${aliases}`;
  const { json, status } = await service.call('GET', query);
  const value = json['value'];
  return Array.isArray(value) ? value.map((row) => row['new_count']) : [status, json['error']];
}

describe('A8: $filter', () => {
  test.each([
    ["new_name eq 'ALPHA'", [1]],
    ["new_name ne 'alpha'", [2, 3, 4, 5, 6]],
    ["new_name eq 'O''Hara'", [3]],
    ['new_count gt 2 and new_count le 4', [3, 4]],
    ['new_count lt 2 or new_count ge 6', [1, 6]],
    ['not (new_count gt 1)', [1]],
    ['2 lt new_count and not (new_count eq 4 or new_count eq 5)', [3, 6]],
    ['new_count eq 1 or new_count eq 2 and new_done eq true', [1]],
    ['not new_count eq 1 and new_count lt 3', [2]],
    ['new_amount eq 2.5', [3]],
    ['new_amount eq null', [1, 2, 4, 5, 6]],
    ['new_kind ne null', [1, 2]],
    ['new_done eq true', [1]],
    ['new_day gt 2024-01-15', [2]],
    ['new_at eq 2024-01-01T12:00:00+02:00', [3]],
    ['new_name eq new_note', [2]],
    ["contains(new_name,'a')", [1, 2, 3, 4, 5]],
    ["startswith(new_name,'A')", [1, 4, 5]],
    ["endswith(new_name,'a')", [1, 2, 3]],
    ["contains(new_name,'a_c')", [4, 5]],
    ["startswith(new_name,'a[_]c')", [4]],
    ["contains(new_name,'[%]')", [6]],
    ["not contains(new_note,'x')", [1, 2, 3, 4, 5, 6]],
    ["new_Parent/lastname eq 'parent'", [4]],
    ["new_about_account/name eq 'clinic'", [5]],
    ["contains(new_about_contact/fullname,'par')", [6]],
    ["Microsoft.Dynamics.CRM.In(PropertyName='new_name',PropertyValues=['ABC','beta'])", [2, 5]],
    ['Microsoft.Dynamics.CRM.In(PropertyName=\'new_count\',PropertyValues=["1","6"])', [1, 6]],
    [
      'Microsoft.Dynamics.CRM.NotIn(PropertyName=\'new_count\',PropertyValues=["1","6"])',
      [2, 3, 4, 5],
    ],
    ['Microsoft.Dynamics.CRM.Between(PropertyName=\'new_count\',PropertyValues=["2","3"])', [2, 3]],
  ])('%s', async (text, expected) => {
    expect(
      await counts(text.replace(/\['(.*)'\]/, (_, list) => `["${list.replaceAll("'", '"')}"]`)),
    ).toEqual(expected);
  });

  test('lookups are compared by GUID, also in In and through the related id', async () => {
    expect(await counts(`_new_parent_value eq ${parent}`)).toEqual([4]);
    expect(await counts(`_new_about_value eq ${account.toUpperCase()}`)).toEqual([5]);
    expect(await counts(`new_Parent/contactid eq ${parent}`)).toEqual([4]);
    const values = JSON.stringify([parent, account]);
    const list = `Microsoft.Dynamics.CRM.In(PropertyName='_new_about_value',PropertyValues=${values})`;
    expect(await counts(list)).toEqual([5, 6]);
    expect(await counts(`${list} and _new_about_value eq ${parent}`)).toEqual([6]);
  });

  test('parameter aliases stand for values', async () => {
    expect(await counts('new_name eq @p1', "&@p1='beta'")).toEqual([2]);
    const list = 'Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)';
    const aliases = `&@p1='new_name'&@p2=${encodeURIComponent('["abc","beta"]')}`;
    expect(await counts(list, aliases)).toEqual([2, 5]);
  });
});

describe('A8: refusals', () => {
  test.each([
    ['an unknown column', filter('nope eq 1'), '0x0', "property named 'nope'"],
    ['an unknown column in $select', '$select=nope', '0x0', "property named 'nope'"],
    ['a lookup by its logical name', filter('new_parent eq null'), '0x0', "'new_parent'"],
    ['bad syntax', filter("new_name eq 'a' andd new_count eq 1"), '0x0', 'position 16'],
    ['an open bracket', filter('(new_count eq 1'), '0x0', 'position 15'],
    ['an open quote', filter("new_name eq 'a"), '0x0', 'position'],
    ['a missing operand', filter('new_count eq'), '0x0', 'position 12'],
    ['an unknown function', filter("soundex(new_name,'a')"), '0x0', "'soundex'"],
    ['incompatible types', filter('new_name eq 1'), '0x0', 'incompatible types'],
    ['a quoted GUID', filter("_new_parent_value eq 'x'"), '0x0', 'incompatible types'],
    ['$skip', '$skip=1', '0x80060888', 'Skip Clause'],
    ['an unknown option', '$nope=1', '0x0', '$nope'],
    ['a wrong $top', '$top=x', '0x0', '$top'],
    [
      'over 500 conditions',
      filter(Array(501).fill('new_count eq 1').join(' or ')),
      '0x8004430c',
      'conditions',
    ],
  ])('%s is 400', async (_, query, code, words) => {
    const { status, json } = await service.call('GET', `new_things?${query}`);
    expect([status, json]).toMatchObject([400, { error: { code } }]);
    expect(JSON.stringify(json)).toContain(words);
  });

  test('a URL of 30 KB is taken, one over 32 KB is refused', async () => {
    const list = (size: number) =>
      `Microsoft.Dynamics.CRM.In(PropertyName='new_name',PropertyValues=["abc","${'x'.repeat(size)}"])`;
    expect(await counts(list(30_000))).toEqual([5]);
    const { status } = await service.call('GET', `new_things?${filter(list(33_000))}`);
    expect(status).toBe(414);
  });

  test('a filter nested too deep is 400, not a crash', async () => {
    const deep = `${'('.repeat(5000)}new_count eq 1${')'.repeat(5000)}`;
    expect((await service.call('GET', `new_things?$filter=${deep}`)).status).toBe(400);
  });
});

describe('A8: results', () => {
  test('$select returns the id and the etag besides', async () => {
    const { json } = await service.call('GET', 'new_things?$select=new_name&$top=1');
    const [row] = Array.isArray(json['value']) ? json['value'] : [];
    expect(Object.keys(row).sort()).toEqual(['@odata.etag', 'new_name', 'new_thingid']);
  });

  test('$orderby orders text without case, and both ways', async () => {
    const names = async (order: string) => {
      const { json } = await service.call(
        'GET',
        `new_things?$select=new_name&$orderby=${order}&$top=3`,
      );
      return Array.isArray(json['value']) ? json['value'].map((row) => row['new_name']) : [];
    };
    expect(await names('new_name')).toEqual(['50% off', 'a_c', 'abc']);
    expect(await names('new_count%20desc')).toEqual(['50% off', 'abc', 'a_c']);
  });

  test('$count counts what fits, beside a page and alone', async () => {
    const query = `${filter('new_count gt 2')}`;
    const { json } = await service.call('GET', `new_things?$count=true&$top=1&${query}`);
    expect(json['@odata.count']).toBe(4);
    expect(
      (await service.call('GET', `new_things/$count?${query}`)).text.replace(/^\uFEFF/, ''),
    ).toBe('4');
  });

  test.each(['', '&$orderby=new_name'])(
    'pages follow nextLink to each row once%s',
    async (order) => {
      const seen: unknown[] = [];
      let path: string | undefined = `new_things?$select=new_name${order}`;
      let pages = 0;
      while (path !== undefined) {
        const answer = await service.call('GET', path, undefined, {
          Prefer: 'odata.maxpagesize=4',
        });
        const { json } = answer;
        expect(answer.headers.get('preference-applied')).toBe('odata.maxpagesize=4');
        seen.push(
          ...(Array.isArray(json['value']) ? json['value'].map((row) => row['new_name']) : []),
        );
        const next = json['@odata.nextLink'];
        path = typeof next === 'string' ? next.slice(service.root.length) : undefined;
        pages += 1;
      }
      expect([pages, seen.length, new Set(seen).size]).toEqual([2, 6, 6]);
    },
  );

  test('$top ends the result without a nextLink, and is ignored beside maxpagesize', async () => {
    const { json } = await service.call('GET', 'new_things?$top=2');
    expect(json).not.toHaveProperty('@odata.nextLink');
    const sized = await service.call('GET', 'new_things?$top=1', undefined, {
      Prefer: 'odata.maxpagesize=2',
    });
    expect(sized.json['value']).toHaveLength(2);
    expect(sized.json).toHaveProperty('@odata.nextLink');
  });

  test('choices carry their label when annotations are asked for', async () => {
    const { json } = await service.call(
      'GET',
      `new_things?$select=new_kind,new_done&${filter('new_count eq 1')}`,
      undefined,
      {
        Prefer: 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"',
      },
    );
    expect(json['value']).toMatchObject([
      {
        'new_kind@OData.Community.Display.V1.FormattedValue': 'One',
        'new_done@OData.Community.Display.V1.FormattedValue': 'Yes',
      },
    ]);
  });
});
