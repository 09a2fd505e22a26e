import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pollPause } from '../../../activities/migration/poll-pause.ts';

const plan = { pollSeconds: { first: 2, most: 120 } };

describe('the pause between two looks at a job', () => {
  it('is the first one for thirty looks, then grows by a thirtieth from look to look, up to the most', () => {
    expect(pollPause(plan, 0, {})).toBe(2);
    expect(pollPause(plan, 30, {})).toBe(2);
    expect(pollPause(plan, 40, {})).toBeCloseTo(2.78, 2);
    expect(pollPause(plan, 1_000, {})).toBe(120);
  });

  it('is a thirtieth of the time that the job has taken', () => {
    let before = 0;
    for (let looks = 0; looks < 150; looks += 1) {
      const pause = pollPause(plan, looks, {});
      if (looks >= 30) expect(pause / before).toBeCloseTo(1 / 30, 5);
      before += pause;
    }
  });

  it('ends when the job is expected to, and no look is wasted on one that is late', () => {
    expect(pollPause(plan, 160, { secondsLeft: 70 })).toBe(70);
    expect(pollPause(plan, 160, { secondsLeft: 1_000 })).toBe(120);
    expect(pollPause(plan, 160, { secondsLeft: 0 })).toBe(15);
  });

  it('is never shorter than what the service asked for, up to an hour, nor than the first', () => {
    fc.assert(
      fc.property(
        fc.record({
          looks: fc.nat(500),
          retryAfterSeconds: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), {
            nil: undefined,
          }),
          secondsLeft: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
        }),
        ({ looks, ...answer }) => {
          const pause = pollPause(plan, looks, answer);
          expect(pause).toBeGreaterThanOrEqual(plan.pollSeconds.first);
          expect(pause).toBeGreaterThanOrEqual(Math.min(answer.retryAfterSeconds ?? 0, 3_600));
          expect(pause).toBeLessThanOrEqual(
            Math.max(pollPause(plan, looks, {}), answer.retryAfterSeconds ?? 0),
          );
        },
      ),
    );
  });
});
