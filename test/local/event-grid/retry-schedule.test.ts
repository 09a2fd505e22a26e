import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterFailure } from '../../../local/event-grid/retry-schedule.ts';

const patient = { maxDeliveryAttempts: 30, timeToLiveMilliseconds: 1_440 * 60_000 };

function waitAfter(attempts: number, status?: number): number | undefined {
  const next = afterFailure({ attempts, status, ageMilliseconds: 0, jitter: 0 }, patient);
  return next.kind === 'retry' ? next.waitMilliseconds / 1_000 : undefined;
}

test('waits follow the documented schedule', () => {
  const waits = Array.from({ length: 11 }, (_, index) => waitAfter(index + 1, 500));
  expect(waits).toEqual([10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 43_200]);
});

test('404, 408 and 503 wait at least as long as documented', () => {
  expect([404, 408, 503].map((status) => waitAfter(1, status))).toEqual([300, 120, 30]);
  expect([404, 408, 503].map((status) => waitAfter(7, status))).toEqual([3_600, 3_600, 3_600]);
});

test('jitter adds up to a tenth, and the time to live is never outlived by a wait', () => {
  const attempt = fc.record({
    attempts: fc.integer({ min: 1, max: 30 }),
    status: fc.constantFrom(undefined, 404, 429, 500, 503),
    ageMilliseconds: fc.integer({ min: 0, max: 100_000_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(attempt, (one) => {
      const next = afterFailure(one, patient);
      if (next.kind === 'deadLetter') return;
      const plain = (waitAfter(one.attempts, one.status) ?? 0) * 1_000;
      expect(next.waitMilliseconds).toBeGreaterThanOrEqual(plain);
      expect(next.waitMilliseconds).toBeLessThanOrEqual(plain * 1.1 + 1);
      expect(one.ageMilliseconds + next.waitMilliseconds).toBeLessThanOrEqual(
        patient.timeToLiveMilliseconds,
      );
    }),
  );
});
