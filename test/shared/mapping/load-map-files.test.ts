import { describe, expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { compilePack, loadMapFiles, printMapFileProblem } from '../../../shared/mapping/index.ts';
import { withMapsFolder } from './maps-folder.ts';

const copy = { column: 'a', action: 'Copy Data', type: 'string', source: '$.a' };
const entity = { name: 'Basic', resource: 'Basic', table: 'basic', attributes: [copy] };
const expansion = {
  name: 'child',
  resource: 'Basic',
  table: 'child',
  expand: true,
  parentLink: 'parent',
  attributes: [{ ...copy, matching: true }],
};

function withAttribute(attribute: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { 'entity/basic.json': { ...entity, attributes: [attribute] } };
}

async function problemsOf(files: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  return withMapsFolder(files, async (folder) => {
    try {
      compilePack(await loadMapFiles(folder));
      return [];
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'MAP_PACK_INVALID') throw error;
      const { problems } = error.details;
      return Array.isArray(problems) ? problems.map(printMapFileProblem) : [];
    }
  });
}

describe('a map file that is wrong is named with its place and a remedy', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'a bad path',
      withAttribute({ ...copy, source: '$..a' }),
      'entity/basic.json#/attributes/0/source',
      /recursive descent.*Name each element/,
    ],
    [
      'a script in a path',
      withAttribute({ ...copy, source: { s: '$.a[(@.length-1)]' } }),
      'entity/basic.json#/attributes/0/source',
      /script.*never evaluated.*filter/,
    ],
    [
      'a bad fallback',
      withAttribute({ ...copy, source: ['$.a', 'b'] }),
      'entity/basic.json#/attributes/0/source/1',
      /does not start with \$.*Start it/,
    ],
    [
      'a template without a path',
      withAttribute({ ...copy, source: { template: 'x' } }),
      'entity/basic.json#/attributes/0/source',
      /template.*\{\$\.a\}/,
    ],
    [
      'a bad path in a template',
      withAttribute({ ...copy, source: { template: '{$.a} [{a}]' } }),
      'entity/basic.json#/attributes/0/source',
      /does not start with \$/,
    ],
    [
      'conditions that are code',
      withAttribute({ ...copy, when: 'a.length > 1' }),
      'entity/basic.json#/attributes/0/when',
      /not comparisons.*status==/,
    ],
    [
      'a bad path into a contained resource',
      withAttribute({ ...copy, source: { contained: '$.a', path: 'b' } }),
      'entity/basic.json#/attributes/0/source',
      /does not start with \$/,
    ],
    [
      'a contained resource in an expansion map',
      {
        'entity/basic.json': entity,
        'expansion/child.json': {
          ...expansion,
          attributes: [{ ...copy, matching: true, source: { contained: '$.a', path: '$.b' } }],
        },
      },
      'expansion/child.json#/attributes/0/source',
      /not to be seen.*root map/,
    ],
    [
      'units on a text column',
      withAttribute({ ...copy, units: { kg: 1 } }),
      'entity/basic.json#/attributes/0/units',
      /units on a string column/,
    ],
    [
      'an unknown selection',
      withAttribute({ ...copy, source: '$name.family' }),
      'entity/basic.json#/attributes/0/source',
      /\$name, which is not selected.*Add it to "select"/,
    ],
    [
      'a bad selection',
      { 'entity/basic.json': { ...entity, select: { name: '$.a[-1]' } } },
      'entity/basic.json#/select/name',
      /not a step/,
    ],
    [
      'an unknown action',
      withAttribute({ ...copy, action: 'Script' }),
      'entity/basic.json#/attributes/0/action',
      /unknown action.*Copy Data/,
    ],
    [
      'an unknown column type',
      withAttribute({ ...copy, type: 'money' }),
      'entity/basic.json#/attributes/0/type',
      /not one of.*string.*datetime/,
    ],
    [
      'an unknown key',
      withAttribute({ ...copy, colour: 1 }),
      'entity/basic.json#/attributes/0',
      /unknown key colour.*Remove it/,
    ],
    [
      'a missing key',
      withAttribute({ action: 'Copy Data', type: 'string', source: '$.a' }),
      'entity/basic.json#/attributes/0/column',
      /missing.*string/,
    ],
    [
      'a missing value map',
      withAttribute({ ...copy, action: 'Mapped Value', type: 'choice', values: 'gone' }),
      'entity/basic.json#/attributes/0/values',
      /no value map gone.*values folder/,
    ],
    [
      'a missing expansion map',
      {
        'entity/basic.json': {
          ...entity,
          attributes: [copy, { action: 'Expand', source: '$.a[*]', expansion: 'gone' }],
        },
      },
      'entity/basic.json#/attributes/1/expansion',
      /no expansion map gone.*expansion folder/,
    ],
    [
      'a missing parent link',
      {
        'entity/basic.json': entity,
        'expansion/child.json': { ...expansion, parentLink: undefined },
      },
      'expansion/child.json#/parentLink',
      /missing/,
    ],
    [
      'an expansion without matching',
      { 'entity/basic.json': entity, 'expansion/child.json': { ...expansion, attributes: [copy] } },
      'expansion/child.json#/attributes',
      /identifies a row.*"matching": true/,
    ],
    [
      'two roots for a resource',
      { 'entity/basic.json': entity, 'entity/other.json': { ...entity, name: 'Other' } },
      'entity/other.json#/resource',
      /already has.*entity\/basic.json.*disable one/,
    ],
    [
      'two maps of one name',
      { 'entity/basic.json': entity, 'entity/other.json': { ...entity, disabled: true } },
      'entity/other.json#/name',
      /already that of entity\/basic.json/,
    ],
    [
      'a column written twice',
      { 'entity/basic.json': { ...entity, attributes: [copy, copy] } },
      'entity/basic.json#/attributes/1/column',
      /earlier attribute writes a/,
    ],
    [
      'a constant of the wrong type',
      withAttribute({ ...copy, action: 'Set Default Value', type: 'integer', value: 'x' }),
      'entity/basic.json#/attributes/0/value',
      /takes a number/,
    ],
    [
      'truncate without a length',
      withAttribute({ ...copy, onMisfit: 'truncate' }),
      'entity/basic.json#/attributes/0/onMisfit',
      /truncate without a length/,
    ],
    [
      'a lookup to another table',
      withAttribute({
        column: 'a',
        action: 'Lookup',
        type: 'lookup',
        source: '$.a',
        table: 'other',
        references: ['Basic'],
      }),
      'entity/basic.json#/attributes/0/references',
      /goes to basic, but the lookup points to other/,
    ],
    [
      'a value map of the wrong type',
      {
        ...withAttribute({ ...copy, action: 'Mapped Value', type: 'choice', values: 'v' }),
        'values/v.json': { name: 'v', rows: [{ fhir: 'a', dataverse: 'one' }] },
      },
      'entity/basic.json#/attributes/0/values',
      /other than number values/,
    ],
    [
      'a pack that names no map',
      { 'entity/basic.json': entity, 'packs/p.json': { name: 'p', enabled: ['Gone'] } },
      'packs/p.json#/enabled/0',
      /no root map Gone/,
    ],
    ['a file that is not JSON', { 'entity/basic.json': '{' }, 'entity/basic.json#', /not JSON/],
    [
      'a file outside the folders',
      { 'entity/basic.json': entity, 'other/x.json': {} },
      'other/x.json#',
      /no folder of maps.*entity/,
    ],
  ])('%s', async (_name, files, place, text) => {
    const problems = await problemsOf(files);
    const found = problems.filter((problem) => problem.startsWith(`${place}: `));
    expect(problems).toEqual(found);
    expect(found).toEqual([expect.stringMatching(text)]);
    expect(found[0]).toMatch(/: .+\. .+\.$/);
  });

  test('all problems of all files come at once', async () => {
    const problems = await problemsOf({
      'entity/a.json': { ...entity, name: 'A', attributes: [{ ...copy, source: '$..a' }] },
      'entity/b.json': { ...entity, name: 'B', attributes: [{ ...copy, type: 'money' }] },
      'values/v.json': { name: 'v', rows: [] },
    });
    expect(problems.map((problem) => problem.split('#')[0])).toEqual(
      expect.arrayContaining(['entity/a.json', 'entity/b.json', 'values/v.json']),
    );
  });

  test('a folder that is not there is a problem, not an empty pack', async () => {
    await expect(loadMapFiles('no-such-folder')).rejects.toMatchObject({
      code: 'MAP_PACK_INVALID',
    });
  });
});

describe('a pack', () => {
  test('is named by its content, not by file names, notes or key order', async () => {
    const hashOf = (files: Readonly<Record<string, unknown>>) =>
      withMapsFolder(files, async (folder) => compilePack(await loadMapFiles(folder)).hash);
    const { name, ...rest } = entity;
    const hash = await hashOf({ 'entity/basic.json': entity });
    expect(await hashOf({ 'entity/renamed.json': { ...rest, name, note: 'why' } })).toBe(hash);
    expect(await hashOf({ 'entity/basic.json': { ...entity, table: 'other' } })).not.toBe(hash);
  });

  test('holds the named roots even when their files say disabled, and no other', async () => {
    const files = {
      'entity/a.json': { ...entity, name: 'A', disabled: true },
      'entity/b.json': { ...entity, name: 'B', resource: 'Binary' },
    };
    await withMapsFolder(files, async (folder) => {
      const read = await loadMapFiles(folder);
      expect([...compilePack(read).roots.keys()]).toEqual(['Binary']);
      expect([...compilePack(read, { enabled: ['A'] }).roots.keys()]).toEqual(['Basic']);
      expect(() => compilePack(read, { enabled: ['C'] })).toThrow(/no root map named C.*A, B/);
    });
  });
});
