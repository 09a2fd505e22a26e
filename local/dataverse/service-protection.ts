import { z } from 'zod';
import { DataverseError } from './protocol-error.ts';

/** Limits of one user; the defaults are Microsoft's (facts A6). Smaller ones make tests quick. */
export const protectionSchema = z.strictObject({
  requests: z.int().positive().default(6000),
  /** Summed execution time, in milliseconds. */
  executionMs: z.number().positive().default(1_200_000),
  concurrency: z.int().positive().default(52),
  /** Length of the sliding window, in milliseconds. */
  windowMs: z.int().positive().default(300_000),
});

export type ProtectionLimits = z.output<typeof protectionSchema>;

interface Call {
  readonly at: number;
  durationMs: number;
}

interface Usage {
  calls: Call[];
  running: number;
}

/** Ends the accounting of one call. */
export type CallDone = (durationMs: number) => void;

function limited(code: string, message: string, retryAfterMs: number): DataverseError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new DataverseError(429, code, message, { 'Retry-After': String(seconds) });
}

/** Sliding-window limits per user. */
export class ServiceProtection {
  limits: ProtectionLimits | undefined;
  readonly #users = new Map<string, Usage>();

  constructor(limits: ProtectionLimits | undefined) {
    this.limits = limits;
  }

  /** Admits a call, or throws 429 with one of the three codes and `Retry-After`. */
  admit(user: string, now: number): CallDone {
    const { limits } = this;
    if (limits === undefined) {
      return () => undefined;
    }
    const usage = this.#usage(user, now - limits.windowMs);
    const oldest = usage.calls[0]?.at ?? now;
    const wait = oldest + limits.windowMs - now;
    if (usage.running >= limits.concurrency) {
      throw limited(
        '0x80072326',
        `Number of concurrent requests exceeded the limit of ${limits.concurrency}.`,
        1000,
      );
    }
    if (usage.calls.length >= limits.requests) {
      throw limited(
        '0x80072322',
        `Number of requests exceeded the limit of ${limits.requests} over time window of ${limits.windowMs / 1000} seconds.`,
        wait,
      );
    }
    const spent = usage.calls.reduce((sum, call) => sum + call.durationMs, 0);
    if (spent >= limits.executionMs) {
      throw limited(
        '0x80072321',
        `Combined execution time of incoming requests exceeded limit of ${limits.executionMs} milliseconds over time window of ${limits.windowMs / 1000} seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.`,
        wait,
      );
    }
    const call = { at: now, durationMs: 0 };
    usage.calls.push(call);
    usage.running += 1;
    return (durationMs) => {
      call.durationMs = durationMs;
      usage.running -= 1;
    };
  }

  /** Remaining requests of a user, for the diagnostic header. */
  remaining(user: string): number | undefined {
    return this.limits && this.limits.requests - (this.#users.get(user)?.calls.length ?? 0);
  }

  #usage(user: string, since: number): Usage {
    const usage = this.#users.get(user) ?? { calls: [], running: 0 };
    usage.calls = usage.calls.filter((call) => call.at > since);
    this.#users.set(user, usage);
    return usage;
  }
}
