import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocked, clean, mapper, warned } from './one-column.ts';

describe('an absent element', () => {
  test.each(['string', 'integer', 'decimal', 'double', 'boolean', 'date', 'datetime'])(
    'clears a %s column',
    async (type) => {
      const map = await mapper({ type });
      expect(map(undefined)).toEqual(clean(null));
      expect(map(null)).toEqual(clean(null));
    },
  );

  test('is a problem where it is required, and a constant where there is a default', async () => {
    expect((await mapper({ type: 'string', required: true }))(undefined)).toEqual(
      blocked('required-missing'),
    );
    const map = await mapper({ type: 'string', action: 'Set Default Value', value: 'none' });
    expect([map(undefined), map('x')]).toEqual([clean('none'), clean('x')]);
  });
});

describe('text', () => {
  test('longer than its column is rejected, dropped or shortened as the map says', async () => {
    const of = (onMisfit?: string) =>
      mapper({ type: 'string', maxLength: 3, ...(onMisfit && { onMisfit }) });
    expect((await of())('abcd')).toEqual(blocked('too-long'));
    expect((await of('drop'))('abcd')).toEqual(warned(null, 'too-long'));
    expect((await of('truncate'))('abcd')).toEqual(warned('abc', 'too-long'));
    expect((await of())('abc')).toEqual(clean('abc'));
  });

  test('is never cut inside a character', async () => {
    const map = await mapper({ type: 'string', maxLength: 3, onMisfit: 'truncate' });
    expect(map('ab😀c').value).toBe('ab');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (words) => {
        const { value } = map(words);
        expect(typeof value === 'string' && value.length <= 3 && words.startsWith(value)).toBe(
          true,
        );
        expect(String(value).isWellFormed()).toBe(true);
      }),
    );
  });

  test('takes numbers and yes or no as their text, but no object', async () => {
    const map = await mapper({ type: 'string' });
    expect([map(1.5), map(true), map({})]).toEqual([
      clean('1.5'),
      clean('true'),
      blocked('wrong-type'),
    ]);
  });

  test('of several values is joined, the first of several sources wins', async () => {
    const join = await mapper({ type: 'string', source: '$.a[1:]', join: ' ' });
    expect([join(['a', 'b', 'c']), join(['a'])]).toEqual([clean('b c'), clean(null)]);
    const first = await mapper({ type: 'string', source: [{ s: '$.a.x' }, '$.a.y'] });
    expect([first({ y: 'y' }), first({ x: 'x', y: 'y' })]).toEqual([clean('y'), clean('x')]);
  });
});

describe('numbers', () => {
  test('outside the range of Dataverse or of the wrong kind are rejected', async () => {
    const whole = await mapper({ type: 'integer' });
    expect([whole(2 ** 31 - 1), whole(2 ** 31)]).toEqual([
      clean(2 ** 31 - 1),
      blocked('out-of-range'),
    ]);
    expect([whole('1'), whole(1.5)]).toEqual([blocked('wrong-type'), blocked('wrong-type')]);
    const decimal = await mapper({ type: 'decimal' });
    expect([decimal(6.3), decimal(1e12)]).toEqual([clean(6.3), blocked('out-of-range')]);
  });

  test('with a fraction are rounded only where the map says so, with a warning', async () => {
    const map = await mapper({ type: 'integer', onMisfit: 'round' });
    expect([map(1.5), map(2)]).toEqual([warned(2, 'rounded'), clean(2)]);
  });
});
