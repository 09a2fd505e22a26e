import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

const children = 'new_thing_new_parent_contact';
let service: TestService;
beforeAll(async () => {
  service = await startService();
  const family = (lastname: string, counts: readonly number[], names: readonly string[] = []) =>
    service.create('contacts', {
      lastname,
      [children]: counts.map((new_count, index) => ({ new_count, new_name: names[index] ?? null })),
    });
  await family('None', []);
  await family('One', [1], ["O'Hara"]);
  await family('Two', [1, 2], ['alpha', 'beta']);
  await family('Three', [2, 3, 4]);
});
afterAll(() => service.close());

async function found(text: string): Promise<unknown> {
  const path = `contacts?$select=lastname&$orderby=lastname&${filter(text)}`;
  const { json, status } = await service.call('GET', path);
  const value = json['value'];
  return Array.isArray(value) ? value.map((row) => row['lastname']) : status;
}

describe('A8: any and all', () => {
  test.each([
    [`${children}/any()`, ['One', 'Three', 'Two']],
    [`not ${children}/any()`, ['None']],
    [`${children}/any(t:t/new_count eq 1)`, ['One', 'Two']],
    [`${children}/any(t: t/new_count gt 2 and t/new_count lt 4)`, ['Three']],
    [`${children}/any(t:(t/new_count eq 1) or t/new_count eq 4)`, ['One', 'Three', 'Two']],
    [`${children}/any(t:not (t/new_count eq 1))`, ['Three', 'Two']],
    [`${children}/any(t:contains(t/new_name,'LPH'))`, ['Two']],
    [`${children}/any(t:t/new_name eq 'o''hara')`, ['One']],
    [`${children}/any(t:t/new_name eq null)`, ['Three']],
    [`${children}/all(t:t/new_count gt 1)`, ['None', 'Three']],
    [`${children}/all(t:t/new_count eq 1)`, ['None', 'One']],
    [`${children}/any(t:t/new_count eq 1) and lastname ne 'One'`, ['Two']],
    [`${children}/any(t:t/new_count eq 1) and ${children}/any(u:u/new_count eq 2)`, ['Two']],
    [`${children}/any(t:t/new_Parent/lastname eq 'two')`, ['Two']],
    [
      `${children}/any(t:Microsoft.Dynamics.CRM.In(PropertyName='new_count',PropertyValues=["4"]))`,
      ['Three'],
    ],
  ])('%s', async (text, expected) => {
    expect(await found(text)).toEqual(expected);
  });

  test.each([
    `nosuch/any(t:t/new_count eq 1)`,
    `${children}/any(t:new_count eq 1)`,
    `${children}/any(t:t/nosuch eq 1)`,
    `${children}/any(new_count eq 1)`,
    `${children}/all()`,
    `${children}/any(t:t/new_count eq 1`,
    `${children}/any(t:u/new_count eq 1)`,
  ])('%s is 400', async (text) => {
    expect(await found(text)).toBe(400);
  });

  test('it looks into lookups with several targets', async () => {
    const account = await service.create('accounts', { name: 'Clinic' });
    await service.create('new_things', { 'new_about_account@odata.bind': `accounts(${account})` });
    const text = "new_thing_new_about_account/any(t:t/new_name eq null) and name eq 'Clinic'";
    const { json } = await service.call('GET', `accounts?$select=name&${filter(text)}`);
    expect(json['value']).toMatchObject([{ name: 'Clinic' }]);
  });

  test('law: any(p) is not all(not p), for every bound', async () => {
    const all = ['None', 'One', 'Three', 'Two'];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 5 }), async (bound) => {
        const any = await found(`${children}/any(t:t/new_count ge ${bound})`);
        const none = (await found(`${children}/all(t:not (t/new_count ge ${bound}))`)) as string[];
        expect(any).toEqual(all.filter((name) => !none.includes(name)));
      }),
      { numRuns: 12 },
    );
  });
});
