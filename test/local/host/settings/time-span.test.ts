import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTimeSpan } from '../../../../local/host/settings/time-span.ts';

const day = 86_400_000;

describe('a TimeSpan', () => {
  it.each([
    ['00:05:00', 300_000],
    ['1.12:00:00', 1.5 * day],
    ['00:00:00.2500000', 250],
    ['01:30', 5_400_000],
    ['24:00:00', 24 * day],
    ['-00:00:01', -1_000],
    ['00:60:00', undefined],
    ['5', undefined],
    ['0 */5 * * * *', undefined],
    ['', undefined],
  ])('%s is %s ms', (text, milliseconds) => {
    expect(parseTimeSpan(text)).toBe(milliseconds);
  });

  it('keeps every number of seconds', () => {
    const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => {
        const clock = `${two((seconds / 3_600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
        const text = `${Math.floor(seconds / 86_400)}.${clock}`;
        expect(parseTimeSpan(text)).toBe(seconds * 1_000);
      }),
    );
  });
});
