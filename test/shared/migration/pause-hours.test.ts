import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pauseLeft } from '../../../shared/migration/index.ts';

const day = '2026-03-01';
const time = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const minutes = fc.integer({ min: 0, max: 1439 });

describe('pause hours', () => {
  it.each([
    ['09:00', '17:00', '08:59:59', 0],
    ['09:00', '17:00', '09:00:00', 8 * 3600],
    ['09:00', '17:00', '16:59:59', 1],
    ['09:00', '17:00', '17:00:00', 0],
    ['22:00', '06:00', '23:00:00', 7 * 3600],
    ['22:00', '06:00', '05:00:00', 3600],
    ['22:00', '06:00', '12:00:00', 0],
  ])('from %s to %s, at %s it pauses for another %i seconds', (from, to, now, left) => {
    expect(pauseLeft({ from, to }, `${day}T${now}.000Z`)).toBe(left);
  });

  it('are over exactly when they say', () => {
    fc.assert(
      fc.property(minutes, minutes, minutes, (from, to, now) => {
        fc.pre(from !== to);
        const hours = { from: time(from), to: time(to) };
        const instant = `${day}T${time(now)}:00.000Z`;
        const left = pauseLeft(hours, instant);
        const then = new Date(Date.parse(instant) + left * 1000).toISOString();
        expect(pauseLeft(hours, then)).toBe(0);
      }),
    );
  });

  it('are none unless they are set', () => {
    expect(pauseLeft(null, `${day}T12:00:00.000Z`)).toBe(0);
  });
});
