import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

/** A Wednesday in the second quarter. */
const now = '2024-05-15T12:00:00Z';
const moments = [
  '2022-12-31T23:59:59Z',
  '2023-01-01T00:00:00Z',
  '2023-05-14T12:00:00Z',
  '2023-05-15T00:00:00Z',
  '2024-02-10T00:00:00Z',
  '2024-04-10T00:00:00Z',
  '2024-05-04T00:00:00Z',
  '2024-05-08T00:00:00Z',
  '2024-05-14T12:00:00Z',
  '2024-05-15T08:00:00Z',
  '2024-05-15T11:30:00Z',
  '2024-05-15T18:00:00Z',
  '2024-05-16T10:00:00Z',
  '2024-05-20T10:00:00Z',
  '2024-06-01T10:00:00Z',
  '2024-07-02T10:00:00Z',
  '2025-03-01T10:00:00Z',
] as const;

let service: TestService;
beforeAll(async () => {
  service = await startService();
  for (const [index, moment] of moments.entries()) {
    await service.create('new_things', {
      new_count: index,
      new_at: moment,
      new_day: moment.slice(0, 10),
    });
  }
  await service.create('new_things', { new_count: 99, new_flags: '1,3', new_name: 'flags' });
  await service.control('POST', 'clock', { at: now });
});
afterAll(() => service.close());

async function found(text: string, aliases = ''): Promise<unknown> {
  const query = `new_things?$select=new_count&$orderby=new_count&${filter(text)}${aliases}`;
  const { json, status } = await service.call('GET', query);
  const value = json['value'];
  return Array.isArray(value) ? value.map((row) => row['new_count']) : status;
}
const call = (name: string, column: string, values = '') =>
  found(`Microsoft.Dynamics.CRM.${name}(PropertyName='${column}'${values})`);
const within = (from: string, to: string) =>
  moments.flatMap((moment, index) => (moment >= from && moment < to ? [index] : []));

describe('A8: query functions over dates', () => {
  test.each([
    ['Today', '', '2024-05-15', '2024-05-16'],
    ['Yesterday', '', '2024-05-14', '2024-05-15'],
    ['Tomorrow', '', '2024-05-16', '2024-05-17'],
    ['Last7Days', '', '2024-05-08', '2024-05-15T12:00:01Z'],
    ['Next7Days', '', now, '2024-05-23'],
    ['LastWeek', '', '2024-05-05', '2024-05-12'],
    ['ThisWeek', '', '2024-05-12', '2024-05-19'],
    ['NextWeek', '', '2024-05-19', '2024-05-26'],
    ['LastMonth', '', '2024-04-01', '2024-05-01'],
    ['ThisMonth', '', '2024-05-01', '2024-06-01'],
    ['NextMonth', '', '2024-06-01', '2024-07-01'],
    ['LastYear', '', '2023-01-01', '2024-01-01'],
    ['ThisYear', '', '2024-01-01', '2025-01-01'],
    ['NextYear', '', '2025-01-01', '2026-01-01'],
    ['LastXHours', ',PropertyValue=4', '2024-05-15T08:00:00Z', '2024-05-15T12:00:01Z'],
    ['NextXHours', ',PropertyValue=6', now, '2024-05-15T18:00:00Z'],
    ['LastXDays', ',PropertyValue=1', '2024-05-14', '2024-05-15T12:00:01Z'],
    ['NextXDays', ',PropertyValue=1', now, '2024-05-17'],
    ['LastXWeeks', ',PropertyValue=1', '2024-05-08', '2024-05-15T12:00:01Z'],
    ['NextXWeeks', ',PropertyValue=1', now, '2024-05-23'],
    ['LastXMonths', ',PropertyValue=3', '2024-02-15', '2024-05-15T12:00:01Z'],
    ['NextXMonths', ',PropertyValue=1', now, '2024-06-16'],
    ['LastXYears', ',PropertyValue=1', '2023-05-15', '2024-05-15T12:00:01Z'],
    ['NextXYears', ',PropertyValue=1', now, '2025-05-16'],
    ['OlderThanXMinutes', ',PropertyValue=30', '0', '2024-05-15T11:30:00Z'],
    ['OlderThanXHours', ',PropertyValue=4', '0', '2024-05-15T08:00:00Z'],
    ['OlderThanXDays', ',PropertyValue=1', '0', '2024-05-14'],
    ['OlderThanXWeeks', ',PropertyValue=1', '0', '2024-05-08'],
    ['OlderThanXMonths', ',PropertyValue=1', '0', '2024-04-15'],
    ['OlderThanXYears', ',PropertyValue=1', '0', '2023-05-15'],
    ['On', ",PropertyValue='2024-05-15'", '2024-05-15', '2024-05-16'],
    ['OnOrAfter', ",PropertyValue='2024-05-16'", '2024-05-16', '3'],
    ['OnOrBefore', ",PropertyValue='2023-01-01'", '0', '2023-01-02'],
    ['LastFiscalPeriod', '', '2024-01-01', '2024-04-01'],
    ['ThisFiscalPeriod', '', '2024-04-01', '2024-07-01'],
    ['NextFiscalPeriod', '', '2024-07-01', '2024-10-01'],
    ['LastFiscalYear', '', '2023-01-01', '2024-01-01'],
    ['ThisFiscalYear', '', '2024-01-01', '2025-01-01'],
    ['NextFiscalYear', '', '2025-01-01', '2026-01-01'],
    ['LastXFiscalPeriods', ',PropertyValue=2', '2023-10-01', '2024-04-01'],
    ['NextXFiscalPeriods', ',PropertyValue=4', '2024-07-01', '2025-07-01'],
    ['LastXFiscalYears', ',PropertyValue=2', '2022-01-01', '2024-01-01'],
    ['NextXFiscalYears', ',PropertyValue=1', '2025-01-01', '2026-01-01'],
    ['InFiscalYear', ',PropertyValue=2023', '2023-01-01', '2024-01-01'],
    ['InFiscalPeriodAndYear', ',PropertyValue1=2,PropertyValue2=2024', '2024-04-01', '2024-07-01'],
    ['InOrAfterFiscalPeriodAndYear', ',PropertyValue1=3,PropertyValue2=2024', '2024-07-01', '3'],
    ['InOrBeforeFiscalPeriodAndYear', ',PropertyValue1=4,PropertyValue2=2022', '0', '2023-01-01'],
  ])('%s%s', async (name, values, from, to) => {
    const expected = within(from, to);
    expect(await call(name, 'new_at', values)).toEqual(expected);
    if (!/Hours|Minutes/.test(name) && !from.includes('T') && !to.includes('T')) {
      expect(await call(name, 'new_day', values)).toEqual(expected);
    }
  });

  test('InFiscalPeriod takes the quarter of every year', async () => {
    const quarter = moments.flatMap((moment, index) =>
      ['04', '05', '06'].includes(moment.slice(5, 7)) ? [index] : [],
    );
    expect(await call('InFiscalPeriod', 'new_at', ',PropertyValue=2')).toEqual(quarter);
  });

  test('values come as parameter aliases too', async () => {
    const text = 'Microsoft.Dynamics.CRM.LastXDays(PropertyName=@p1,PropertyValue=@p2)';
    expect(await found(text, "&@p1='new_at'&@p2=1")).toEqual(
      within('2024-05-14', '2024-05-15T12:00:01Z'),
    );
  });

  test('a function combines with others and negates', async () => {
    const today = "Microsoft.Dynamics.CRM.Today(PropertyName='new_at')";
    expect(await found(`${today} and new_count gt 9`)).toEqual([10, 11]);
    expect(await found(`not ${today} and new_count gt 8`)).toEqual([12, 13, 14, 15, 16, 99]);
  });

  test.each([
    ['Today', 'new_name', ''],
    ['LastXDays', 'new_at', ''],
    ['LastXDays', 'new_at', ",PropertyValue='x'"],
    ['On', 'new_at', ",PropertyValue='x'"],
    ['Guess', 'new_at', ''],
    ['ContainValues', 'new_at', ',PropertyValues=["1"]'],
    ['EqualUserId', 'new_at', ''],
    ['Today', 'nosuch', ''],
  ])('%s on %s%s is 400', async (...parts) => {
    expect(await call(...parts)).toBe(400);
  });

  test.each(['Above', 'Under', 'EqualUserLanguage', 'EqualUserOrUserHierarchy'])(
    '%s is refused by name: the stand-in has no hierarchies',
    async (name) => {
      expect(await call(name, 'new_about', ',PropertyValue=1')).toBe(501);
    },
  );
});

describe('A8: other query functions', () => {
  test('ContainValues, DoesNotContainValues and Contains', async () => {
    const values = (list: string) => `,PropertyValues=[${list}]`;
    expect(await call('ContainValues', 'new_flags', values('"3","2"'))).toEqual([99]);
    expect(await call('ContainValues', 'new_flags', values('"2"'))).toEqual([]);
    expect(await call('DoesNotContainValues', 'new_flags', values('"3"'))).toHaveLength(
      moments.length,
    );
    expect(await call('Contains', 'new_name', ",PropertyValue='LAG'")).toEqual([99]);
  });

  test('Between and NotBetween take bounds in', async () => {
    const bounds = ',PropertyValues=["3","5"]';
    expect(await call('Between', 'new_count', bounds)).toEqual([3, 4, 5]);
    expect(await call('NotBetween', 'new_count', bounds)).toHaveLength(moments.length - 2);
  });

  test('EqualUserId, EqualBusinessId and teams mean the caller', async () => {
    const { json } = await service.control('POST', 'users', {
      privileges: { new_thing: 'Global', team: 'Global', teammembership: 'Global' },
    });
    const headers = { Authorization: `Bearer ${json['applicationId']}` };
    await service.call('POST', 'new_things', { new_count: 200 }, headers);
    const team = await service.create('teams', { name: 't' });
    await service.call('POST', `teams(${team})/teammembership_association/$ref`, {
      '@odata.id': `systemusers(${json['systemuserid']})`,
    });
    const owner = { 'ownerid@odata.bind': `teams(${team})` };
    await service.create('new_things', { new_count: 201, ...owner });
    const own = async (name: string, column: string, who = headers) => {
      const text = `Microsoft.Dynamics.CRM.${name}(PropertyName='${column}') and new_count ge 200`;
      const path = `new_things?$select=new_count&$orderby=new_count&${filter(text)}`;
      const rows = (await service.call('GET', path, undefined, who)).json['value'];
      return (rows as { new_count: number }[]).map((row) => row.new_count);
    };
    expect(await own('EqualUserId', '_ownerid_value')).toEqual([200]);
    expect(await own('NotEqualUserId', '_ownerid_value')).toEqual([201]);
    expect(await own('EqualUserTeams', '_ownerid_value')).toEqual([201]);
    expect(await own('EqualUserOrUserTeams', '_ownerid_value')).toEqual([200, 201]);
    expect(await own('EqualBusinessId', '_owningbusinessunit_value')).toEqual([200, 201]);
    expect(await own('NotEqualBusinessId', '_owningbusinessunit_value')).toEqual([]);
  });
});
