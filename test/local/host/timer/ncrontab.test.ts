import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNcrontab } from '../../../../local/host/timer/ncrontab.ts';

function nextOf(expression: string, after: string): string | undefined {
  const parsed = parseNcrontab(expression);
  if (parsed.kind === 'invalid') throw new Error(parsed.reason);
  return parsed.next(new Date(after))?.toISOString();
}

describe('NCRONTAB', () => {
  it.each([
    ['0 */5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00.000Z'],
    ['*/10 * * * * *', '2026-01-01T00:00:51.900Z', '2026-01-01T00:01:00.000Z'],
    ['0 30 9-17 * * Mon-Fri', '2026-01-02T17:30:00Z', '2026-01-05T09:30:00.000Z'],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 12 13 * Friday', '2026-01-01T00:00:00Z', '2026-02-13T12:00:00.000Z'],
    ['59 59 23 31 12 *', '2026-12-31T23:59:59Z', '2027-12-31T23:59:59.000Z'],
    ['5,7-8 0 0 1 jan,jul *', '2026-01-01T00:00:05Z', '2026-01-01T00:00:07.000Z'],
    ['0 5/20 * * * *', '2026-01-01T00:06:00Z', '2026-01-01T00:25:00.000Z'],
    ['30 6 * * *', '2026-01-01T06:30:00Z', '2026-01-02T06:30:00.000Z'],
    ['0 0 0 31 * *', '2026-01-31T00:00:00Z', '2026-03-31T00:00:00.000Z'],
  ])('%s after %s fires at %s', (expression, after, expected) => {
    expect(nextOf(expression, after)).toBe(expected);
  });

  it.each([
    '',
    '* * * *',
    '60 * * * * *',
    '* * 24 * * *',
    '* * * 0 * *',
    '* * * * 13 *',
    '* * * * * 7',
    '*/0 * * * * *',
    '5-1 * * * * *',
    'a * * * * *',
    '1,,2 * * * * *',
    '1/2/3 * * * * *',
  ])('"%s" is refused with a reason', (expression) => {
    expect(parseNcrontab(expression)).toMatchObject({
      kind: 'invalid',
      reason: expect.any(String),
    });
  });

  it('a day that never comes has no next instant', () => {
    expect(nextOf('0 0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  it('fires at the first instant that fits, never earlier and never later', () => {
    const field = (low: number, high: number) =>
      fc.oneof(fc.constant('*'), fc.integer({ min: low, max: high }).map(String));
    fc.assert(
      fc.property(
        fc.tuple(field(0, 59), field(0, 59), field(0, 23)),
        fc.integer({ min: 0, max: 4_000_000_000 }),
        ([second, minute, hour], epochSeconds) => {
          const after = new Date(epochSeconds * 1_000);
          const next = nextOf(`${second} ${minute} ${hour} * * *`, after.toISOString());
          const fits = (at: Date): boolean =>
            [second, minute, hour].every((text, index) => {
              const value = [at.getUTCSeconds(), at.getUTCMinutes(), at.getUTCHours()][index];
              return text === '*' || Number(text) === value;
            });
          const at = new Date(after.getTime() + 1_000);
          while (!fits(at)) at.setTime(at.getTime() + 1_000);
          expect(next).toBe(at.toISOString());
        },
      ),
      { numRuns: 30 },
    );
  });
});
