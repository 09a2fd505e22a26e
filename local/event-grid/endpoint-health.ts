const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Facts dataverse-and-events B2: after so many failed deliveries in a row an endpoint counts as unhealthy. */
const failuresInARow = 10;

/**
 * How long deliveries wait each time the endpoint proves unhealthy again. The
 * page says "for some time, in some cases up to several hours" and no more.
 */
const delays = [10 * second, 30 * second, minute, 5 * minute, 10 * minute, 30 * minute, hour];
const lastDelay = 3 * hour;

/**
 * Keeps deliveries, new ones too, from an endpoint that fails again and again
 * (page "Event Grid message delivery and retry", "Delayed delivery"). One
 * success makes it healthy; while unhealthy each failed attempt lengthens the delay.
 */
export class EndpointHealth {
  readonly #timeScale: number;
  #failures = 0;
  #delays = 0;
  #until = 0;

  /** Real milliseconds per millisecond of delay. */
  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  /** Until when nothing is delivered, in milliseconds since 1970; undefined: deliveries may go. */
  delayedUntil(now: number): number | undefined {
    return this.#until > now ? this.#until : undefined;
  }

  /** How many requests may be in flight: one is enough to find out whether it is well again. */
  get mayProbeOnly(): boolean {
    return this.#delays > 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#delays = 0;
    this.#until = 0;
  }

  /** Failures of requests that were under way when the delay began change nothing. */
  failed(events: number, now: number): void {
    this.#failures += events;
    if (this.#failures < failuresInARow || this.delayedUntil(now) !== undefined) return;
    this.#until = now + Math.ceil((delays[this.#delays] ?? lastDelay) * this.#timeScale);
    this.#delays += 1;
  }
}
