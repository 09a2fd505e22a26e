import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import {
  checkPack,
  type FindTable,
  loadMapFiles,
  packRoots,
} from '../../../shared/mapping/index.ts';
import { startStandIn } from '../dataverse/stand-in-client.ts';
import {
  basic,
  check,
  column,
  entity,
  expansion,
  table,
  text,
  values,
  withAttribute,
} from './check-organisation.ts';
import { example, mapsFolder, projectFolder } from './maps-folder.ts';

const server = await startStandIn({
  extensions: [join(projectFolder, 'infra', 'dataverse', 'tables.json')],
});
const bare = await startStandIn();
afterAll(() => Promise.all([server.close(), bare.close()]));

function tablesOf({ client }: typeof server): FindTable {
  return async (name) => {
    try {
      return await client.table(name);
    } catch (error) {
      if (error instanceof AppError && error.code === 'DATAVERSE_METADATA_MISSING')
        return undefined;
      throw error;
    }
  };
}

const shipped = await loadMapFiles(mapsFolder);
const enabled = packRoots(shipped, 'all')!;

describe('the shipped maps', () => {
  test('fit the healthcare data model with our additions, and the official examples', async () => {
    const samples = readdirSync(join(projectFolder, 'node_modules', 'hl7.fhir.r4.examples'))
      .filter((file) => enabled.some((name) => file.startsWith(`${name}-`)))
      .map((file) => example(file.replace(/\.json$/, '')));
    const result = await checkPack(shipped, { enabled, table: tablesOf(server), samples });
    expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(result).toMatchObject({ roots: enabled.length, samples: { rejected: 0 } });
    expect(result.samples.mapped).toBeGreaterThan(250);
    expect(result.tables).toBeGreaterThan(40);
  });

  test('do not fit an organisation without our additions, and each miss says what to install', async () => {
    const result = await checkPack(shipped, { enabled: ['Patient'], table: tablesOf(bare) });
    expect(result.problems).toContainEqual({
      severity: 'error',
      file: 'expansion/identifier.json',
      pointer: '/table',
      problem: 'the organisation has no table fds_patientidentifier',
      remedy: expect.stringContaining('infra/dataverse/tables.json'),
    });
  });
});

describe('what does not fit the organisation is named with file, place and remedy', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'a table',
      { 'entity/basic.json': { ...entity, table: 'gone' } },
      'entity/basic.json#/table',
      /no table gone/,
    ],
    [
      'a column',
      withAttribute({ ...text, column: 'gone' }),
      'entity/basic.json#/attributes/0/column',
      /no column gone/,
    ],
    [
      'a type',
      withAttribute({ ...text, type: 'date' }),
      'entity/basic.json#/attributes/0/type',
      /String, not date/,
    ],
    [
      'a length',
      withAttribute({ ...text, column: 'short', maxLength: 11 }),
      'entity/basic.json#/attributes/0/maxLength',
      /takes 10 characters, the map says 11/,
    ],
    [
      'a length that the map does not know',
      withAttribute({ ...text, column: 'short' }),
      'entity/basic.json#/attributes/0',
      /takes 10 characters, the map says no length/,
    ],
    [
      'a read-only column',
      withAttribute({ ...text, column: 'made' }),
      'entity/basic.json#/attributes/0/column',
      /on update/,
    ],
    [
      'an option of a value map',
      {
        ...withAttribute({
          ...text,
          column: 'pick',
          action: 'Mapped Value',
          type: 'choice',
          values: 'v',
        }),
        ...values(3),
      },
      'values/v.json#/rows/0/dataverse',
      /basic\.pick has no option 3/,
    ],
    [
      'a default option',
      {
        ...withAttribute({
          ...{ ...text, column: 'pick', action: 'Mapped Value', type: 'choice', values: 'v' },
          default: 9,
        }),
        ...values(1),
      },
      'entity/basic.json#/attributes/0/default',
      /no option 9/,
    ],
    [
      'a constant option',
      withAttribute({ column: 'pick', action: 'Set Default Value', type: 'choice', value: 5 }),
      'entity/basic.json#/attributes/0/value',
      /no option 5/,
    ],
    [
      'a lookup target',
      withAttribute({
        ...{ ...text, column: 'link', action: 'Lookup', type: 'lookup' },
        ...{ table: 'account', references: ['Organization'] },
      }),
      'entity/basic.json#/attributes/0/table',
      /does not point to account but to contact/,
    ],
    [
      'key columns',
      {
        'entity/basic.json': {
          ...entity,
          keys: { id: 'free', version: 'gone', lastUpdated: 'free' },
        },
      },
      'entity/basic.json#/keys',
      /no column gone/,
    ],
    [
      'a discriminator',
      { 'entity/basic.json': { ...entity, discriminator: { column: 'pick', value: 8 } } },
      'entity/basic.json#/discriminator',
      /no option 8/,
    ],
    [
      'a parent link',
      expansion({}),
      'expansion/kids.json#/parentLink',
      /does not point to basic but to other/,
    ],
    [
      'no parent link',
      expansion({ parentLink: 'gone' }),
      'expansion/kids.json#/parentLink',
      /no lookup gone/,
    ],
  ])('%s', async (_name, files, place, words) => {
    const { problems } = await check(files, { table: table() });
    expect(problems.map(({ file, pointer }) => `${file}#${pointer}`)).toEqual([place]);
    expect(problems[0]).toMatchObject({
      severity: 'error',
      problem: expect.stringMatching(words),
      remedy: expect.stringMatching(/^[A-Z].*[^.]$/),
    });
  });

  test('a concept type and its lookup', async () => {
    const concept = {
      ...{ column: 'link', action: 'Lookup Codeable Concept', type: 'lookup' },
      ...{ source: '$.a', conceptType: 8 },
    };
    const { problems } = await check(withAttribute(concept), { table: table() });
    expect(problems.map(({ pointer }) => pointer)).toEqual([
      '/attributes/0/table',
      '/attributes/0/conceptType',
    ]);
  });

  test('a required column that nothing fills is a warning', async () => {
    const strict = {
      ...basic,
      columns: new Map(basic.columns).set('must', column('must', 'String', { required: true })),
    };
    const { problems } = await check({ 'entity/basic.json': entity }, { table: table(strict) });
    expect(problems).toMatchObject([
      {
        severity: 'warning',
        pointer: '/attributes',
        problem: expect.stringContaining('basic.must'),
      },
    ]);
  });
});

describe('what does not fit the samples', () => {
  test('is one problem for all alike, with a count and an example, without the value', async () => {
    const samples = [
      { resourceType: 'Basic', id: '1', a: 'secret words' },
      { resourceType: 'Basic', id: '2', a: 'secret words' },
      { resourceType: 'Basic', id: '3', a: 'short' },
      { resourceType: 'Other', id: '4' },
    ];
    const files = withAttribute({ ...text, column: 'short', maxLength: 10 });
    const result = await check(files, { table: table(), samples });
    expect(result.samples).toEqual({ mapped: 3, rejected: 2, skipped: 1 });
    expect(result.problems).toEqual([
      {
        severity: 'error',
        file: 'entity/basic.json',
        pointer: '/attributes/0',
        problem:
          'short: too-long in 2 of the samples, first in Basic/1: 12 characters where 10 fit',
        remedy: expect.stringContaining('truncate'),
      },
    ]);
  });
});
