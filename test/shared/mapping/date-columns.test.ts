import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocked, clean, mapper, warned } from './one-column.ts';

describe('dates', () => {
  test('stay dates in a date-only column, whatever the time zone', async () => {
    const map = await mapper({ type: 'date' });
    expect(map('1974-12-25')).toEqual(clean('1974-12-25'));
    expect(map('1974-12-25T23:59:59-11:00')).toEqual(clean('1974-12-25'));
  });

  test('that are partial become their first day, with a warning', async () => {
    expect((await mapper({ type: 'date' }))('1970')).toEqual(warned('1970-01-01', 'partial-date'));
    expect((await mapper({ type: 'date' }))('1970-05')).toEqual(
      warned('1970-05-01', 'partial-date'),
    );
    expect((await mapper({ type: 'datetime' }))('1970-05')).toEqual(
      warned('1970-05-01T00:00:00Z', 'partial-date'),
    );
  });

  test.each([
    ['2015-02-07', '2015-02-07T00:00:00Z'],
    ['2015-02-07T13:28:17.239+02:00', '2015-02-07T11:28:17Z'],
    ['2015-01-01T00:30:00+01:00', '2014-12-31T23:30:00Z'],
    ['2016-02-28T23:30:00-01:00', '2016-02-29T00:30:00Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59Z'],
    ['2015-02-07T13:28', '2015-02-07T13:28:00Z'],
  ])('%s becomes %s in a date-and-time column', async (given, expected) => {
    expect((await mapper({ type: 'datetime' }))(given)).toEqual(clean(expected));
  });

  test.each([
    ...['2015-02-30', '2015-13-01', '2015-00-10', '2015-02-07T25:00:00Z', '2015-2-7', 'May', '', 5],
  ])('%s is not a date', async (given) => {
    expect((await mapper({ type: 'datetime' }))(given).problems).toEqual(['wrong-type']);
    expect((await mapper({ type: 'date' }))(given).problems).toEqual(['wrong-type']);
  });

  test('before the first year of Dataverse are out of range', async () => {
    expect((await mapper({ type: 'date' }))('1752-12-31')).toEqual(blocked('out-of-range'));
  });

  test('with any offset are the instant that JavaScript reads, to the second', async () => {
    const map = await mapper({ type: 'datetime' });
    const instants = fc.date({
      min: new Date('1800-01-01'),
      max: new Date('2200-01-01'),
      noInvalidDate: true,
    });
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(instants, offsets, (instant, minutes) => {
        const size = Math.abs(minutes);
        const two = (part: number) => String(part).padStart(2, '0');
        const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        const local = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        expect(map(`${local}${zone}`).value).toBe(`${instant.toISOString().slice(0, 19)}Z`);
      }),
    );
  });
});
