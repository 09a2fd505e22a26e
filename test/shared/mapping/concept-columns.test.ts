import { describe, expect, test } from 'vitest';
import type { ColumnValue } from '../../../shared/mapping/index.ts';
import { blocked, clean, mapper } from './one-column.ts';

describe('codeable concepts', () => {
  const concept = {
    action: 'Lookup Codeable Concept',
    type: 'lookup',
    conceptType: 5,
    systems: ['s2', 's1'],
  };
  const coding = (system: string, code: string) => ({ system, code, display: `${code}!` });
  const row = (system: string, code: string, display = `${code}!`) =>
    ({ kind: 'concept', conceptType: 5, system, code, display }) as const;

  test('are chosen by preferred system, then by the user, then by order', async () => {
    const map = await mapper(concept);
    const [a, b, c, d] = [
      coding('s3', 'a'),
      coding('s1', 'b'),
      coding('s2', 'c'),
      coding('s3', 'd'),
    ];
    expect(map({ coding: [a, b, c] })).toEqual(clean(row('s2', 'c')));
    expect(map({ coding: [a, b] })).toEqual(clean(row('s1', 'b')));
    expect(map({ coding: [a, { ...d, userSelected: true }] })).toEqual(clean(row('s3', 'd')));
    expect(map({ coding: [a, d] })).toEqual(clean(row('s3', 'a')));
  });

  test('carry no free text of the resource, because their row is shared by all patients', async () => {
    const map = await mapper(concept);
    expect(map({ coding: [{ system: 's', code: 'a' }], text: 'free words' })).toEqual(
      clean(row('s', 'a', 'a')),
    );
  });

  test('without a code are known by their text', async () => {
    const map = await mapper(concept);
    expect(map({ text: 'rash' }).value).toEqual({
      ...row('urn:fds:text', 'rash', 'rash'),
      text: 'rash',
    });
    const long = 'x'.repeat(150);
    const one = map({ text: `${long}1` }).value;
    const two = map({ text: `${long}2` }).value;
    expect(one).toMatchObject({ text: `${long}1`, display: long.slice(0, 100) });
    expect(codeOf(one)).toHaveLength(100);
    expect(codeOf(one)).not.toBe(codeOf(two));
  });

  test('are read from Coding, Quantity and bare codes too', async () => {
    const map = await mapper({ ...concept, system: 'sys' });
    expect(map(coding('s', 'a')).value).toEqual(row('s', 'a'));
    expect(map({ value: 1, unit: 'kg!', system: 'u', code: 'kg' }).value).toEqual(row('u', 'kg'));
    expect(map('en').value).toEqual(row('sys', 'en', 'en'));
    expect(map({ code: 'x' }).value).toEqual(row('sys', 'x', 'x'));
    expect(map({}).value).toBeNull();
  });

  test('with a code longer than its column are a problem', async () => {
    const map = await mapper(concept);
    expect(map(coding('s', 'x'.repeat(101)))).toEqual(blocked('too-long'));
  });

  function codeOf(value: ColumnValue | undefined): string {
    return typeof value === 'object' && value?.kind === 'concept' ? value.code : '';
  }
});
