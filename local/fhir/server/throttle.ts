import { z } from 'zod';
import { badRequest } from '../outcome.ts';

const settingsSchema = z.strictObject({
  /** 0 ends the throttling. */
  requestsPerSecond: z.number().min(0).max(1_000_000),
  /** Requests that may come at once after a pause. Default: those of one second. */
  burst: z.number().min(1).optional(),
});

/** Throttling as Azure does it, by rate; off until it is asked for. */
export function createThrottle(now: () => number) {
  let rate = 0;
  let capacity = 0;
  let tokens = 0;
  let filledAt = 0;
  const state = () => ({ requestsPerSecond: rate, burst: capacity });
  return {
    state,
    set(body: unknown) {
      const parsed = settingsSchema.safeParse(body);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      rate = parsed.data.requestsPerSecond;
      capacity = rate === 0 ? 0 : (parsed.data.burst ?? Math.max(1, rate));
      tokens = capacity;
      filledAt = now();
      return state();
    },
    /** Milliseconds until a request may come again; 0 lets this one pass. */
    waitMs(): number {
      if (rate === 0) return 0;
      const time = now();
      tokens = Math.min(capacity, tokens + ((time - filledAt) * rate) / 1_000);
      filledAt = time;
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.ceil(((1 - tokens) * 1_000) / rate);
    },
  };
}

export type Throttle = ReturnType<typeof createThrottle>;
