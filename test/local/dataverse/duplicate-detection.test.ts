import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startService, type TestService } from './web-api-client.ts';

let service: TestService;
let rule: string;
const detect = { 'MSCRM.SuppressDuplicateDetection': 'false' };

async function newRule(conditions: readonly object[], values: object = {}): Promise<string> {
  const id = await service.create('duplicaterules', {
    name: 'rule',
    baseentityname: 'contact',
    matchingentityname: 'contact',
    ...values,
  });
  for (const condition of conditions) {
    await service.create('duplicateruleconditions', {
      'regardingobjectid@odata.bind': `duplicaterules(${id})`,
      operatorcode: 0,
      ...condition,
    });
  }
  return id;
}
const publish = (DuplicateRuleId: string, action = 'PublishDuplicateRule') =>
  service.call('POST', action, { DuplicateRuleId });
const same = (column: string) => ({ baseattributename: column, matchingattributename: column });
const code = ({ status, json }: Answer) => [status, (json['error'] as { code: string })?.code];
const duplicate = [412, '0x80040333'];

beforeAll(async () => {
  service = await startService();
  const named = { ...same('lastname'), ignoreblankvalues: true };
  rule = await newRule([named, same('emailaddress1')]);
  await publish(rule);
  await service.create('contacts', { lastname: 'Lee', emailaddress1: 'lee@example.org' });
});
afterAll(() => service.close());

describe('A7: MSCRM.SuppressDuplicateDetection', () => {
  const twin = { lastname: 'LEE', emailaddress1: 'Lee@example.org' };

  test('detection is suppressed by default, and with true', async () => {
    const [lastname, emailaddress1] = [randomUUID(), 'x@example.org'];
    const headers = { 'MSCRM.SuppressDuplicateDetection': 'true' };
    const write = (more = {}) =>
      service.call('POST', 'contacts', { lastname, emailaddress1 }, more);
    expect([(await write()).status, (await write()).status]).toEqual([204, 204]);
    expect((await write(headers)).status).toBe(204);
  });

  test('with false a create that a rule finds twice is 412 0x80040333 and leaves nothing', async () => {
    const before = (await service.call('GET', 'contacts/$count')).text;
    expect(code(await service.call('POST', 'contacts', twin, detect))).toEqual(duplicate);
    expect((await service.call('GET', 'contacts/$count')).text).toBe(before);
    const other = { ...twin, emailaddress1: 'other@example.org' };
    expect((await service.call('POST', 'contacts', other, detect)).status).toBe(204);
  });

  test('an update into a duplicate is refused, an update of the row itself is not', async () => {
    const id = await service.create('contacts', {
      lastname: 'Lee',
      emailaddress1: 'a@example.org',
    });
    const patch = (body: object) => service.call('PATCH', `contacts(${id})`, body, detect);
    expect(code(await patch({ emailaddress1: 'lee@example.org' }))).toEqual(duplicate);
    expect((await patch({ firstname: 'Kim' })).status).toBe(204);
  });

  test('in a batch the header of a part counts for that part', async () => {
    const part = (header: string) =>
      `--b\r\nContent-Type: application/http\r\n\r\nPOST /api/data/v9.2/contacts HTTP/1.1\r\nContent-Type: application/json\r\n${header}\r\n${JSON.stringify(twin)}\r\n`;
    const { text } = await service.call(
      'POST',
      '$batch',
      `${part('MSCRM.SuppressDuplicateDetection: false\r\n')}${part('')}--b--\r\n`,
      { 'Content-Type': 'multipart/mixed; boundary=b', Prefer: 'odata.continue-on-error' },
    );
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 412', 'HTTP/1.1 204']);
  });
});

describe('rules', () => {
  const tried = (body: object) => service.call('POST', 'contacts', body, detect);

  test('a rule counts while it is published, and an empty one cannot be', async () => {
    const one = await newRule([same('nickname')]);
    await service.create('contacts', { nickname: 'Zed' });
    expect((await tried({ nickname: 'Zed' })).status).toBe(204);
    expect((await publish(one)).json['JobId']).toEqual(expect.any(String));
    expect(code(await tried({ nickname: 'Zed' }))).toEqual(duplicate);
    expect((await publish(one, 'UnpublishDuplicateRule')).status).toBe(204);
    expect((await tried({ nickname: 'Zed' })).status).toBe(204);
    expect(code(await publish(await newRule([])))).toEqual([400, '0x80048414']);
    expect(code(await publish(randomUUID()))).toEqual([404, '0x80040217']);
  });

  test.each([
    ['the first characters', { operatorcode: 1, operatorparam: 3 }, 'ABCxx', 'abcyy', 'abzzz'],
    ['the last characters', { operatorcode: 2, operatorparam: 2 }, 'xxYZ', 'aayz', 'aaaa'],
  ])('%s are compared', async (_, condition, stored, twin, other) => {
    const one = await newRule([{ ...same('jobtitle'), ...condition }]);
    await publish(one);
    await service.create('contacts', { jobtitle: stored });
    expect(code(await tried({ jobtitle: twin }))).toEqual(duplicate);
    expect((await tried({ jobtitle: other })).status).toBe(204);
    await publish(one, 'UnpublishDuplicateRule');
  });

  test('dates, blanks, inactive rows and case follow the rule', async () => {
    const one = await newRule(
      [same('birthdate'), { ...same('jobtitle'), ignoreblankvalues: true }],
      {
        excludeinactiverecords: true,
        iscasesensitive: true,
      },
    );
    await publish(one);
    const row = { birthdate: '1980-01-02', jobtitle: 'Nurse' };
    const id = await service.create('contacts', row);
    expect(code(await tried(row))).toEqual(duplicate);
    expect((await tried({ ...row, jobtitle: 'nurse' })).status).toBe(204);
    expect((await tried({ birthdate: '1980-01-02' })).status).toBe(204);
    await service.call('PATCH', `contacts(${id})`, { statecode: 1 });
    expect((await tried(row)).status).toBe(204);
    await publish(one, 'UnpublishDuplicateRule');
  });

  test('a rule may compare with rows of another table', async () => {
    const one = await newRule([{ baseattributename: 'company', matchingattributename: 'name' }], {
      matchingentityname: 'account',
    });
    await publish(one);
    await service.create('accounts', { name: '555' });
    expect(code(await tried({ company: '555' }))).toEqual(duplicate);
    await publish(one, 'UnpublishDuplicateRule');
  });
});

test('RetrieveDuplicates finds them for a row that is there and for one that is not, in pages', async () => {
  const call = async (entity: object, paging = { PageNumber: 1, Count: 50 }) => {
    const quoted = (value: object) =>
      encodeURIComponent(JSON.stringify(value).replaceAll('"', "'"));
    const path = `RetrieveDuplicates(BusinessEntity=@p1,MatchingEntityName=@p2,PagingInfo=@p3)?@p1=${quoted(entity)}&@p2='contact'&@p3=${quoted(paging)}`;
    return service.call('GET', path);
  };
  const name = { lastname: randomUUID(), emailaddress1: 'z@example.org' };
  const ids = [await service.create('contacts', name), await service.create('contacts', name)];
  const found = async (entity: object, paging?: { PageNumber: number; Count: number }) =>
    ((await call(entity, paging)).json['value'] as { contactid: string }[]).map(
      (row) => row.contactid,
    );
  const type = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' };
  expect(await found({ ...type, ...name })).toEqual(ids);
  expect(await found({ ...type, contactid: ids[0] })).toEqual([ids[1]]);
  expect(await found({ '@odata.id': `contacts(${ids[1]})` })).toEqual([ids[0]]);
  expect(await found({ ...type, ...name }, { PageNumber: 2, Count: 1 })).toEqual([ids[1]]);
  expect((await call({ ...type, '@odata.type': 'nosuch' })).status).toBe(400);
});
