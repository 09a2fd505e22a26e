import { describe, expect, test } from 'vitest';
import type { TableMetadata } from '../../../shared/dataverse/index.ts';
import type { FindTable } from '../../../shared/mapping/index.ts';
import { basic, check, child, column, entity, expansion, text } from './check-organisation.ts';

describe('what the tables of the organisation do not keep apart is named with file, place and remedy', () => {
  const keyed = (own: TableMetadata, columns: readonly string[], active = true) => ({
    ...own,
    keys: [{ name: 'key', columns, active }],
  });
  const kept = { ...child, lookups: new Map([['parent', new Map([['basic', 'Parent']])]]) };
  const twoColumns = {
    'expansion/kids.json': {
      ...expansion({})['expansion/kids.json'],
      attributes: [
        { ...text, column: 'value', maxLength: 5, matching: true },
        { ...text, column: 'free', matching: true },
      ],
    },
  };
  const wide = { ...kept, columns: new Map(kept.columns).set('free', column('free', 'String')) };

  test.each<[string, Record<string, unknown>, readonly TableMetadata[], string, RegExp]>([
    [
      'an alternate key of the FHIR id that is not active',
      { 'entity/basic.json': entity },
      [keyed(basic, ['msemr_azurefhirid'], false)],
      'warning entity/basic.json#/table',
      /the alternate key key of basic is not active/,
    ],
    [
      'an alternate key that leaves out the discriminator',
      { 'entity/basic.json': { ...entity, discriminator: { column: 'pick', value: 1 } } },
      [keyed(basic, ['msemr_azurefhirid'])],
      'error entity/basic.json#/table',
      /refuses rows that differ in pick only/,
    ],
    [
      'an alternate key of matching columns that is not active',
      expansion({}),
      [basic, keyed(kept, ['parent', 'value'], false)],
      'warning expansion/kids.json#/attributes',
      /the alternate key key of child is not active/,
    ],
    [
      'an alternate key of some of the matching columns',
      { ...expansion({}), ...twoColumns },
      [basic, keyed(wide, ['parent', 'value'])],
      'error expansion/kids.json#/attributes',
      /refuses rows that differ in free only/,
    ],
  ])('%s', async (_name, files, tables, place, words) => {
    const find: FindTable = async (name) => tables.find(({ logicalName }) => logicalName === name);
    const { problems } = await check(files, { table: find });
    expect(problems.map((one) => `${one.severity} ${one.file}#${one.pointer}`)).toEqual([place]);
    expect(problems[0]?.problem).toMatch(words);
    expect(problems[0]?.remedy).toMatch(/^[A-Z].*[^.]$/);
  });

  test('but an active alternate key of all of them is right, and one of other columns not ours', async () => {
    const rows = keyed(kept, ['value', 'parent']);
    const own = keyed(basic, ['free']);
    const find: FindTable = async (name) =>
      [own, rows].find(({ logicalName }) => logicalName === name);
    expect((await check(expansion({}), { table: find })).problems).toEqual([]);
  });

  test('the table and the parent link of a map below another', async () => {
    const nested = {
      ...expansion({
        attributes: [
          { ...text, column: 'value', maxLength: 5, matching: true },
          { action: 'Expand', source: '$.b[*]', expansion: 'grandkids' },
        ],
      }),
      'expansion/grandkids.json': {
        ...expansion({})['expansion/kids.json'],
        ...{ name: 'grandkids', table: 'grandchild' },
      },
    };
    const find =
      (own?: TableMetadata): FindTable =>
      async (name) =>
        [basic, kept, own].find((one) => one?.logicalName === name);
    const without = await check(nested, { table: find() });
    expect(without.problems).toMatchObject([
      {
        file: 'expansion/grandkids.json',
        pointer: '/table',
        problem: expect.stringContaining('no table grandchild'),
      },
    ]);
    const wrong = await check(nested, { table: find({ ...kept, logicalName: 'grandchild' }) });
    expect(wrong.problems).toMatchObject([
      { pointer: '/parentLink', problem: expect.stringContaining('does not point to child') },
    ]);
  });
});
