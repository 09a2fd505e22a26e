import { z } from 'zod';
import { EventGridError } from './event-grid-error.ts';

const settingsBody = z.strictObject({ skewMs: z.int().min(-1e12).max(1e12) });

/** The time the service believes it is, which a test can shift away from the machine's. */
export class Clock {
  #skewMs: number;
  /** Called after every change: what waits for a moment must look again. */
  onChange: () => void = () => undefined;

  constructor(skewMs = 0) {
    this.#skewMs = skewMs;
  }

  /** Milliseconds since 1970. */
  now = (): number => Date.now() + this.#skewMs;

  state() {
    return { skewMs: this.#skewMs, now: new Date(this.now()).toISOString() };
  }

  /** @throws EventGridError 400 */
  set(body: unknown) {
    const parsed = settingsBody.safeParse(body);
    if (!parsed.success) {
      const detail = z.prettifyError(parsed.error);
      throw new EventGridError(400, 'InvalidRequest', `The clock cannot be set so. ${detail}`);
    }
    this.#skewMs = parsed.data.skewMs;
    this.onChange();
    return this.state();
  }
}
