import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  DataverseOperation,
  DataverseResult,
  DataverseRow,
  Scalar,
} from '../../../shared/dataverse/index.ts';
import type { ExpansionMap } from '../../../shared/mapping/index.ts';
import { childRowId, matchKey } from '../../../shared/rows/child-rows.ts';
import { type ChildTree, planChildTrees } from '../../../shared/rows/child-trees.ts';

const map = (name: string, expansions: readonly ExpansionMap[] = []): ExpansionMap => ({
  ...{ name, table: name, parentColumn: 'parent', parentTable: 'above', expansions },
  ...{ columns: ['k', 'v'], matchOn: ['k'] },
  ...{ expand: () => [], skipped: () => [] },
});
const [c, d] = [map('c'), map('d')];
const b = map('b', [c]);
const a = map('a', [b, d]);

/** A Dataverse that refuses what would leave a row without its parent. */
function organisation(parents: readonly string[]) {
  const rows = new Map<string, DataverseRow>();
  const run = (operation: DataverseOperation): DataverseResult => {
    if (operation.kind === 'query') {
      const { table, filter } = operation;
      const wanted = 'in' in filter ? filter.in : [];
      const found = [...rows].filter(
        ([place, { values }]) =>
          place.startsWith(`${table} `) && wanted.includes(values['parent'] as string),
      );
      return { kind: 'rows', rows: found.map(([, row]) => row) };
    }
    const { table, id } = operation;
    if (operation.kind === 'delete') {
      const held = [...rows.values()].some(({ values }) => values['parent'] === id);
      if (held) return { kind: 'refused', status: 400, code: 'restrict', cause: 'invalid' };
      rows.delete(`${table} ${id}`);
      return { kind: 'deleted' };
    }
    const known = rows.get(`${table} ${id}`)?.values ?? {};
    const values = { ...known, ...plain(operation.row) };
    const parent = values['parent'];
    const isThere = [...rows.values()].some((row) => row.id === parent);
    if (!isThere && !parents.includes(String(parent)))
      return { kind: 'missing', what: 'reference' };
    rows.set(`${table} ${id}`, { id, etag: 'W/"1"', values });
    return { kind: 'written' };
  };
  return {
    rows,
    execute: async (operations: readonly DataverseOperation[]) => operations.map(run),
  };
}

const plain = (row: object): Record<string, Scalar> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? value.lookup.id : value,
    ]),
  );

const parent = '11111111-1111-4111-8111-111111111111';
const row = fc.record({ k: fc.constantFrom('x', 'y', 'z'), v: fc.constantFrom('1', '2', null) });
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
const leaf: fc.Arbitrary<ChildTree> = fc.record({ row });
const middle: fc.Arbitrary<ChildTree> = fc.record({ row, below: fc.tuple(list(leaf)) });
const top: fc.Arbitrary<ChildTree> = fc.record({ row, below: fc.tuple(list(middle), list(leaf)) });

/** `table /key/key value` of every wanted row; of equal keys the first gives the value. */
function wanted(trees: readonly ChildTree[], expansion: ExpansionMap, above = ''): string[] {
  const byKey = Map.groupBy(trees, (tree) => tree.row['k']);
  return [...byKey].flatMap(([key, own]) => [
    `${expansion.table} ${above}/${String(key)} ${String(own[0]?.row['v'])}`,
    ...expansion.expansions.flatMap((below, index) =>
      wanted(
        own.flatMap((tree) => tree.below?.[index] ?? []),
        below,
        `${above}/${String(key)}`,
      ),
    ),
  ]);
}

function held(rows: ReadonlyMap<string, DataverseRow>): string[] {
  const byId = new Map([...rows.values()].map((one) => [one.id, one]));
  const pathOf = ({ values }: DataverseRow): string => {
    const above = byId.get(String(values['parent']));
    return `${above === undefined ? '' : pathOf(above)}/${String(values['k'])}`;
  };
  return [...rows].map(
    ([place, one]) => `${place.split(' ')[0]} ${pathOf(one)} ${String(one.values['v'] ?? null)}`,
  );
}

async function sync(
  dataverse: ReturnType<typeof organisation>,
  desired: readonly ChildTree[],
): Promise<readonly DataverseResult[]> {
  const plans = await planChildTrees(dataverse, a, [{ rowId: parent, desired }]);
  const results: DataverseResult[] = [];
  for (const step of plans.flatMap(({ steps }) => steps)) {
    results.push(...(await dataverse.execute(step)));
  }
  return results;
}

describe('trees of child rows', () => {
  it('show the newest version after any sequence of versions, and no row ever loses its parent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(list(top), { minLength: 1, maxLength: 4 }), async (versions) => {
        const dataverse = organisation([parent]);
        for (const desired of versions) {
          const results = await sync(dataverse, desired);
          expect(results.filter(({ kind }) => kind === 'refused' || kind === 'missing')).toEqual(
            [],
          );
          expect(held(dataverse.rows).toSorted()).toEqual(wanted(desired, a).toSorted());
        }
      }),
    );
  });

  it('need nothing when nothing changed, and count what they do', async () => {
    await fc.assert(
      fc.asyncProperty(list(top), async (desired) => {
        const dataverse = organisation([parent]);
        const [first] = await planChildTrees(dataverse, a, [{ rowId: parent, desired }]);
        const added = first?.counts.reduce((sum, counts) => sum + counts.added, 0);
        await sync(dataverse, desired);
        expect(added).toBe(dataverse.rows.size);
        expect(await sync(dataverse, desired)).toEqual([]);
      }),
    );
  });

  it('have ids that follow from map, parent and matching columns, on every level', async () => {
    const dataverse = organisation([parent]);
    const desired = [
      { row: { k: 'x' }, below: [[{ row: { k: 'y' }, below: [[{ row: { k: 'z' } }]] }], []] },
    ];
    await sync(dataverse, desired);
    const x = childRowId(a, parent, matchKey(a, { k: 'x' }));
    const y = childRowId(b, x, matchKey(b, { k: 'y' }));
    const z = childRowId(c, y, matchKey(c, { k: 'z' }));
    expect([...dataverse.rows.keys()]).toEqual([`a ${x}`, `b ${y}`, `c ${z}`]);
  });

  it('keep the rows that people added, but for those below a row that goes', async () => {
    const dataverse = organisation([parent]);
    const x = { row: { k: 'x' }, below: [[{ row: { k: 'y' }, below: [[]] }], []] };
    await sync(dataverse, [x]);
    const xId = childRowId(a, parent, matchKey(a, { k: 'x' }));
    const hand = { id: '2'.repeat(8), etag: '', values: { k: 'hand', v: null, parent: xId } };
    dataverse.rows.set(`b ${hand.id}`, hand);
    await sync(dataverse, [{ row: { k: 'x' }, below: [[], []] }]);
    expect(held(dataverse.rows)).toEqual(['a /x null', 'b /x/hand null']);
    await sync(dataverse, []);
    expect(held(dataverse.rows)).toEqual([]);
  });
});
