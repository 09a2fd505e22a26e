import { z } from 'zod';
import { badRequest } from '../outcome.ts';

const settingsSchema = z.strictObject({ skewMs: z.int().min(-1e12).max(1e12) });

/** The clock of the service, which a test can shift: lastUpdated of later writes follows it. */
export function createSkewedClock() {
  let skewMs = 0;
  const now = (): number => Date.now() + skewMs;
  const state = () => ({ skewMs, now: new Date(now()).toISOString() });
  return {
    now,
    state,
    set(body: unknown) {
      const parsed = settingsSchema.safeParse(body);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      skewMs = parsed.data.skewMs;
      return state();
    },
  };
}

export type SkewedClock = ReturnType<typeof createSkewedClock>;
