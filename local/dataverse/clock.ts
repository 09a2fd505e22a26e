import { z } from 'zod';

/** `POST /_control/clock`: a fixed moment, or the real time moved by so many milliseconds. */
export const clockSchema = z.union([
  z.strictObject({ at: z.iso.datetime() }),
  z.strictObject({ skewMs: z.int() }),
]);

export type ClockSetting = z.output<typeof clockSchema>;

/** The time the service believes it is: rows, keys, delta links and the `Date` header follow it. */
export class Clock {
  #setting: ClockSetting = { skewMs: 0 };

  set(setting: ClockSetting): void {
    this.#setting = setting;
  }

  /** Milliseconds since 1970. */
  now(): number {
    const setting = this.#setting;
    return 'at' in setting ? Date.parse(setting.at) : Date.now() + setting.skewMs;
  }
}
