import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ExpandedRow,
  type ExpansionMap,
  loadMapFiles,
  withRowsBelow,
} from '../../../shared/mapping/index.ts';
import { basic, packOf, withMapsFolder } from './maps-folder.ts';

const key = { column: 'k', action: 'Copy Data', type: 'string', source: '$.k', matching: true };
const text = { ...key, column: 'v', source: '$.v', matching: false };
const expandTo = (expansion: string, source = `$.${expansion}[*]`) => ({
  action: 'Expand',
  source,
  expansion,
});
const expansion = (name: string, attributes: readonly object[], more: object = {}) => ({
  ...{ name, resource: 'Basic', table: `t_${name}`, expand: true, parentLink: 'parent' },
  attributes: [key, ...attributes],
  ...more,
});
const root = (...attributes: readonly object[]) => ({
  ...{ name: 'Basic', resource: 'Basic', table: 'basic' },
  attributes: [{ ...text, column: 'c' }, ...attributes],
});
const three = {
  'entity/b.json': root(expandTo('a')),
  'expansion/a.json': expansion('a', [text, expandTo('b')]),
  'expansion/b.json': expansion('b', [expandTo('c')]),
  'expansion/c.json': expansion('c', []),
};

async function expansionOf(files: Readonly<Record<string, unknown>>): Promise<ExpansionMap> {
  const pack = await packOf(files);
  return pack.roots.get('Basic')!.expansions[0]!;
}

/** Keys only, as they hang below each other. */
const shape = (rows: readonly ExpandedRow[]): unknown =>
  rows.map(({ values, below }) =>
    below === undefined ? values['k'] : [values['k'], ...below.map(shape)],
  );

describe('expansions of expansions', () => {
  test('give rows below rows, each map with the table of its parent', async () => {
    const a = await expansionOf(three);
    const resource = basic({
      a: [{ k: '1', b: [{ k: '2', c: [{ k: '3' }, { k: '4' }] }, { k: '5' }] }, { k: '6' }],
    });
    expect(shape(a.expand(resource))).toEqual([
      [
        '1',
        [
          ['2', ['3', '4']],
          ['5', []],
        ],
      ],
      ['6', []],
    ]);
    const [b] = a.expansions;
    expect([a, b, b?.expansions[0]].map((map) => [map?.table, map?.parentTable])).toEqual([
      ['t_a', 'basic'],
      ['t_b', 't_a'],
      ['t_c', 't_b'],
    ]);
  });

  test('of items that are one row are together below that row, none is lost', async () => {
    const a = await expansionOf(three);
    const resource = basic({
      a: [
        { k: '1', v: 'first', b: [{ k: '2' }] },
        { k: '1', v: 'second', b: [{ k: '2', c: [{ k: '3' }] }, { k: '4' }] },
      ],
    });
    const rows = a.expand(resource);
    expect(shape(rows)).toEqual([
      [
        '1',
        [
          ['2', ['3']],
          ['4', []],
        ],
      ],
    ]);
    expect(rows[0]?.values['v']).toBe('first');
  });

  test('keep every item of every level exactly once, whatever the arrays hold', async () => {
    const a = await expansionOf(three);
    const items = (below: Record<string, fc.Arbitrary<unknown>>) =>
      fc.array(fc.record({ k: fc.constantFrom('x', 'y', 'z'), ...below }), { maxLength: 4 });
    type Item = { k: string; b?: Item[]; c?: Item[] };
    const tree = items({ b: items({ c: items({}) }) }) as fc.Arbitrary<Item[]>;
    const pathsIn = (list: readonly Item[], above = ''): readonly string[] =>
      list.flatMap((item) => [
        `${above}/${item.k}`,
        ...pathsIn([...(item.b ?? []), ...(item.c ?? [])], `${above}/${item.k}`),
      ]);
    const rowPaths = (rows: readonly ExpandedRow[], above = ''): readonly string[] =>
      rows.flatMap(({ values, below }) => {
        const path = `${above}/${String(values['k'])}`;
        return [path, ...(below ?? []).flatMap((own) => rowPaths(own, path))];
      });
    fc.assert(
      fc.property(tree, (list) => {
        const rows = a.expand(basic({ a: list }));
        expect(rowPaths(rows).toSorted()).toEqual([...new Set(pathsIn(list))].toSorted());
        expect(withRowsBelow(rows)).toHaveLength(rowPaths(rows).length);
      }),
    );
  });

  test('block the change with a problem of any level, or leave the item out, as their map says', async () => {
    const strict = { ...key, required: true };
    const withInner = (more: object) => ({
      ...three,
      'expansion/b.json': expansion('b', [], { attributes: [strict], ...more }),
    });
    const resource = basic({ a: [{ k: '1', b: [{ v: 'no key' }, { k: '2' }] }] });
    const blocking = await expansionOf(withInner({}));
    const problems = withRowsBelow(blocking.expand(resource)).flatMap((row) => row.problems);
    expect(problems).toMatchObject([{ map: 'b', column: 'k', code: 'required-missing' }]);
    expect(blocking.skipped(resource)).toEqual([]);
    const skipping = await expansionOf(withInner({ onProblem: 'skip-row' }));
    expect(shape(skipping.expand(resource))).toEqual([['1', ['2']]]);
    expect(skipping.skipped(resource)).toMatchObject([{ map: 'b', code: 'required-missing' }]);
  });

  test('that are disabled, by the map or by the attribute, are not there', async () => {
    const off = { ...three, 'expansion/b.json': expansion('b', [], { disabled: true }) };
    expect((await expansionOf(off)).expansions).toEqual([]);
    const attribute = { ...expandTo('b'), disabled: true };
    const unused = { ...three, 'expansion/a.json': expansion('a', [attribute]) };
    expect((await expansionOf(unused)).expansions).toEqual([]);
  });
});

describe('what a map with expansions may not say is named with file and place', () => {
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'a map that is not there',
      { ...three, 'expansion/c.json': expansion('c', [expandTo('gone')]) },
      'expansion/c.json#/attributes/1/expansion',
      /no expansion map gone for Basic/,
    ],
    [
      'a map of another resource',
      { ...three, 'expansion/c.json': expansion('c', [], { resource: 'Patient' }) },
      'expansion/b.json#/attributes/1/expansion',
      /no expansion map c for Basic/,
    ],
    [
      'a fourth level',
      {
        ...three,
        'expansion/c.json': expansion('c', [expandTo('d')]),
        'expansion/d.json': expansion('d', []),
      },
      'expansion/a.json#/attributes/2/expansion',
      /4 levels of child rows where 3 are the most/,
    ],
    [
      'a circle',
      {
        ...three,
        'entity/b.json': root(),
        'expansion/b.json': expansion('b', []),
        'expansion/a.json': expansion('a', [expandTo('a')]),
      },
      'expansion/a.json#/attributes/1/expansion',
      /a leads back to itself/,
    ],
    [
      'an identifier table below a child',
      {
        ...three,
        'expansion/c.json': expansion('c', [text], {
          identifier: { systemColumn: 'k', valueColumn: 'v' },
        }),
      },
      'expansion/b.json#/attributes/1/expansion',
      /an identifier table below a child table/,
    ],
    [
      'the same map twice',
      { ...three, 'entity/b.json': root(expandTo('a'), expandTo('a', '$.more[*]')) },
      'entity/b.json#/attributes/2/expansion',
      /an earlier attribute expands to a/,
    ],
    [
      'matching columns in a root map',
      { 'entity/b.json': { ...root(), attributes: [key] } },
      'entity/b.json#/attributes/0/matching',
      /matching on a root map/,
    ],
    [
      'a selection, which the items are not read from',
      { ...three, 'entity/b.json': { ...root(expandTo('a', '$s.a[*]')), select: { s: '$.s' } } },
      'entity/b.json#/attributes/1/source',
      /starts from \$s, which is not selected/,
    ],
  ])('%s', async (_name, files, place, words) => {
    const found: unknown = await withMapsFolder(files, loadMapFiles).catch((error) => error);
    const message = found instanceof Error ? found.message : 'it was accepted';
    expect(message).toContain(place);
    expect(message).toMatch(words);
  });
});
