import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Change,
  changeSchema,
  changeSetId,
  changeSetSchema,
} from '../../../shared/events/index.ts';

const change: Change = {
  changeId: 'e-1',
  resourceType: 'Patient',
  id: 'p1',
  versionId: '2',
  kind: 'updated',
  cause: 'event',
  occurredAt: '2026-01-02T03:04:05.123Z',
};
const changesWith = (ids: readonly string[]) => ids.map((changeId) => ({ ...change, changeId }));

describe('the id of a change set', () => {
  test('is a fixed function of the change ids', () => {
    // Computed apart from the product: printf '["a","b"]' | sha256sum
    expect(changeSetId(changesWith(['b', 'a']))).toBe('sync-0473ef2dc0d324ab659d3580c1134e9d');
  });

  test('does not depend on order or repetition', () => {
    const ids = fc.array(fc.string({ minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(ids, fc.infiniteStream(fc.nat()), (list, numbers) => {
        const again = list[(numbers.next().value ?? 0) % list.length]!;
        const other = [...list, again].map((id) => ({ id, key: numbers.next().value ?? 0 }));
        const shuffled = other.sort((a, b) => a.key - b.key).map(({ id }) => id);
        expect(changeSetId(changesWith(shuffled))).toBe(changeSetId(changesWith(list)));
      }),
    );
  });

  test('differs between different sets, also when their ids read the same in a row', () => {
    expect(changeSetId(changesWith(['ab', 'c']))).not.toBe(changeSetId(changesWith(['a', 'bc'])));
    expect(changeSetId(changesWith(['a,b']))).not.toBe(changeSetId(changesWith(['a', 'b'])));
    expect(changeSetId(changesWith(['a","b']))).not.toBe(changeSetId(changesWith(['a', 'b'])));
  });

  test('is a name that the durable storage takes', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (ids) => {
        expect(changeSetId(changesWith(ids))).toMatch(/^sync-[0-9a-f]{32}$/);
      }),
    );
  });
});

describe('changes from outside', () => {
  test('are taken when sound', () => {
    const { versionId: _, ...versionless } = change;
    expect(changeSetSchema.parse({ changes: [change, versionless] })).toEqual({
      changes: [change, versionless],
    });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a foreign element, which could be clinical', { name: 'Jane' }, ''],
    ['no change id', { changeId: undefined }, 'changeId'],
    ['a change id with spaces', { changeId: 'Jane Doe' }, 'changeId'],
    ['a type in lower case', { resourceType: 'patient' }, 'resourceType'],
    ['a path as id', { id: '../metadata' }, 'id'],
    ['an empty version', { versionId: '' }, 'versionId'],
    ['a kind of its own', { kind: 'merged' }, 'kind'],
    ['a cause of its own', { cause: 'curiosity' }, 'cause'],
    ['no time', { occurredAt: undefined }, 'occurredAt'],
    ['a time that is none', { occurredAt: 'yesterday' }, 'occurredAt'],
  ])('are refused with %s', (_, difference, place) => {
    const parsed = changeSchema.safeParse({ ...change, ...difference });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual([place]);
  });

  test('are refused when there are none, or more than Event Grid delivers at once', () => {
    expect(changeSetSchema.safeParse({ changes: [] }).success).toBe(false);
    const many = Array.from({ length: 5001 }, () => change);
    expect(changeSetSchema.safeParse({ changes: many }).success).toBe(false);
  });
});
