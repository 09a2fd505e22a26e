import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataverseOperation, DataverseRow, Row } from '../../../shared/dataverse/index.ts';
import type { ExpansionMap } from '../../../shared/mapping/index.ts';
import { changedColumns, sameValue } from '../../../shared/rows/changed-columns.ts';
import { childRowId, matchKey, planChildRows } from '../../../shared/rows/child-rows.ts';
import { conceptKey, matchConcepts } from '../../../shared/rows/concept-rows.ts';
import { dependencyOrder } from '../../../shared/rows/dependency-order.ts';
import { fhirKey } from '../../../shared/rows/fhir-key.ts';
import { createRowDirectory } from '../../../shared/rows/row-directory.ts';

const fhirId = fc.string({
  unit: fc.constantFrom(...'abcAB019-.h'),
  minLength: 1,
  maxLength: 64,
});

describe('the FHIR key of a row', () => {
  it('fits the column and tells all ids apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fhirId, { minLength: 2, maxLength: 30 }), (ids) => {
        const keys = ids.map(fhirKey);
        expect(keys.every((key) => key.length <= 38)).toBe(true);
        expect(new Set(keys).size).toBe(ids.length);
      }),
    );
  });

  it('of a long id is never the key of the id that looks like it', () => {
    const key = fhirKey('x'.repeat(64));
    expect(fhirKey(key)).not.toBe(key);
  });
});

describe('dependency order', () => {
  const graph = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 40 }).map((links) => {
      const items = new Map<string, readonly string[]>();
      for (let index = 0; index < size; index += 1) items.set(String(index), []);
      for (const [from, to] of links) {
        items.set(String(from), [...(items.get(String(from)) ?? []), String(to)]);
      }
      return items;
    }),
  );

  it('puts each item after what it depends on, but for the links named as broken', () => {
    fc.assert(
      fc.property(graph, (items) => {
        const { order, broken } = dependencyOrder(items, (dependencies) => dependencies);
        expect([...order].sort()).toEqual([...items.keys()].sort());
        const place = new Map(order.map((name, index) => [name, index]));
        for (const [name, dependencies] of items) {
          for (const dependency of dependencies) {
            const isBefore = (place.get(dependency) ?? -1) < (place.get(name) ?? -1);
            expect(isBefore || broken.get(name)?.has(dependency)).toBe(true);
          }
        }
      }),
    );
  });

  it('breaks nothing where there is no circle', () => {
    const forward = graph.map((items) => {
      const below = (name: string) => (dependency: string) => Number(dependency) < Number(name);
      return new Map([...items].map(([name, found]) => [name, found.filter(below(name))]));
    });
    fc.assert(
      fc.property(forward, (items) => {
        expect(dependencyOrder(items, (dependencies) => dependencies).broken.size).toBe(0);
      }),
    );
  });
});

describe('values', () => {
  it.each([
    ['none and empty', null, '', true],
    ['empty and none', '', null, true],
    ['an instant in more detail', '2024-01-01T10:00:00.750Z', '2024-01-01T10:00:00Z', true],
    ['an instant in another zone', '2024-01-01T12:00:00+02:00', '2024-01-01T10:00:00Z', true],
    ['another second', '2024-01-01T10:00:01Z', '2024-01-01T10:00:00Z', false],
    ['a day and another', '2024-01-01', '2024-01-02', false],
    ['a number within its rounding', 0.1 + 0.2, 0.3, true],
    ['a number and another', 1.001, 1.002, false],
    ['zero and none', 0, null, false],
    ['no and none', false, null, false],
    ['texts that differ in case', 'a', 'A', false],
  ] as const)('%s', (_name, desired, stored, same) => {
    expect(sameValue(desired, stored)).toBe(same);
  });

  it('lookups compare by id, in any case', () => {
    const lookup = { lookup: { table: 'contact', id: 'ABCDEF00-0000-4000-8000-000000000000' } };
    expect(sameValue(lookup, 'abcdef00-0000-4000-8000-000000000000')).toBe(true);
    expect(sameValue(lookup, null)).toBe(false);
  });

  it('that are there already are not written again', () => {
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), scalar), (values) => {
        expect(changedColumns(values, { id: '', etag: '', values })).toEqual({});
      }),
    );
  });
});

const expansion: ExpansionMap = {
  name: 'identifier',
  table: 'child',
  parentColumn: 'parent',
  parentTable: 'contact',
  columns: ['system', 'value', 'use'],
  matchOn: ['system', 'value'],
  expansions: [],
  expand: () => [],
  skipped: () => [],
};

const parentId = '11111111-1111-4111-8111-111111111111';

/** What Dataverse would hold after these operations. */
function applied(
  stored: readonly DataverseRow[],
  operations: readonly DataverseOperation[],
): readonly DataverseRow[] {
  const rows = new Map(stored.map((row) => [row.id, row]));
  for (const operation of operations) {
    if (operation.kind === 'delete') rows.delete(operation.id);
    if (operation.kind !== 'create' && operation.kind !== 'update') continue;
    const { parent: _, ...written } = operation.row;
    const before = rows.get(operation.id)?.values ?? {};
    const values = Object.fromEntries(
      Object.entries({ ...before, ...written }).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null ? value.lookup.id : value,
      ]),
    );
    rows.set(operation.id, { id: operation.id, etag: 'W/"1"', values });
  }
  return [...rows.values()];
}

describe('child rows', () => {
  const item = fc.record({
    system: fc.constantFrom('s1', 's2', null),
    value: fc.constantFrom('a', 'b', 'c'),
    use: fc.constantFrom('usual', 'old', null),
  });
  const items = fc.uniqueArray(item, {
    selector: (row) => matchKey(expansion, row),
    maxLength: 6,
  });
  const byHand = (rows: readonly Row[]): readonly DataverseRow[] =>
    rows.map((values, index) => ({
      id: `22222222-2222-4222-8222-22222222222${index}`,
      etag: 'W/"1"',
      values: { ...values } as DataverseRow['values'],
    }));
  const plan = (desired: readonly Row[], stored: readonly DataverseRow[]) =>
    planChildRows(expansion, { rowId: parentId, desired, stored });

  it('show the newest version after any sequence of versions, and rows of people are still there', () => {
    fc.assert(
      fc.property(fc.array(items, { minLength: 1, maxLength: 5 }), items, (versions, people) => {
        const theirs = byHand(people);
        let stored = theirs;
        for (const desired of versions) stored = applied(stored, plan(desired, stored).operations);
        for (const { id } of theirs) expect(stored.map((row) => row.id)).toContain(id);
        const wanted = (versions.at(-1) ?? []).map((row) => matchKey(expansion, row)).toSorted();
        const theirKeys = theirs.map(({ values }) => matchKey(expansion, values));
        const keys = stored.map(({ values }) => matchKey(expansion, values));
        const others = keys.filter((key) => !theirKeys.includes(key)).toSorted();
        expect(others).toEqual(wanted.filter((key) => !theirKeys.includes(key)));
      }),
    );
  });

  it('need nothing when nothing changed', () => {
    fc.assert(
      fc.property(items, (desired) => {
        const stored = applied([], plan(desired, []).operations);
        expect(plan(desired, stored).operations).toEqual([]);
      }),
    );
  });

  it('of the same matching columns have the same id, of others another', () => {
    const key = matchKey(expansion, { system: 's', value: 'v' });
    expect(childRowId(expansion, parentId, key)).toBe(childRowId(expansion, parentId, key));
    const other = matchKey(expansion, { system: 's', value: 'w' });
    expect(childRowId(expansion, parentId, key)).not.toBe(childRowId(expansion, parentId, other));
  });
});

describe('concepts', () => {
  const loinc = {
    kind: 'concept',
    conceptType: 1,
    system: 'loinc',
    code: 'x',
    display: '',
  } as const;
  const row = (id: string, system: string | null): DataverseRow => ({
    id,
    etag: '',
    values: { msemr_code: 'x', msemr_type: 1, fds_system: system },
  });

  it('take the row of their own system before one without a system, and never one of another', () => {
    const found = (rows: readonly DataverseRow[]) =>
      matchConcepts([loinc], rows).get(conceptKey(loinc));
    expect(found([row('none', null), row('exact', 'loinc')])).toBe('exact');
    expect(found([row('none', null), row('snomed', 'snomed')])).toBe('none');
    expect(found([row('snomed', 'snomed')])).toBeUndefined();
  });
});

describe('the memory of rows', () => {
  it('keeps as many as it may, those used last', () => {
    const directory = createRowDirectory(2);
    directory.set('a', '1');
    directory.set('b', '2');
    expect(directory.get('a')).toBe('1');
    directory.set('c', '3');
    expect([directory.get('a'), directory.get('b'), directory.get('c')]).toEqual([
      '1',
      undefined,
      '3',
    ]);
    directory.forget('a');
    expect(directory.get('a')).toBeUndefined();
  });
});
