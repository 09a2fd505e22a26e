import { z } from 'zod';
import { DataverseError } from './protocol-error.ts';

/** Limits of one user on one server; the defaults are Microsoft's (facts A6). Smaller ones make tests quick. */
export const protectionSchema = z.strictObject({
  requests: z.int().positive().default(6000),
  /** Summed execution time, in milliseconds. */
  executionMs: z.number().positive().default(1_200_000),
  concurrency: z.int().positive().default(52),
  /** Length of the sliding window, in milliseconds. */
  windowMs: z.int().positive().default(300_000),
  /** Web servers that count each for itself; the cookie `ARRAffinity` keeps a caller on one. */
  servers: z.int().min(1).max(64).default(1),
});

export type ProtectionLimits = z.output<typeof protectionSchema>;

interface Call {
  readonly at: number;
  durationMs: number;
}

interface Usage {
  calls: Call[];
  /** Of `calls`. */
  spentMs: number;
  running: number;
  /** Calls refused since the last one that was let in. */
  refused: number;
}

export interface Arrival {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly cookie: string | undefined;
}

/** One call that was let in. */
export interface Admission {
  /** For the answer: what is left, and the affinity cookie when there are several servers. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Ends the accounting of the call. */
  readonly done: (durationMs: number) => void;
}

const unlimited: Admission = { headers: () => ({}), done: () => undefined };

/** Sliding-window limits per user and server. */
export class ServiceProtection {
  limits: ProtectionLimits | undefined;
  readonly #users = new Map<string, Usage>();
  #nextServer = 0;

  constructor(limits: ProtectionLimits | undefined) {
    this.limits = limits;
  }

  /** Admits a call, or throws 429 with one of the three codes and `Retry-After`. */
  admit(arrival: Arrival): Admission {
    const { limits } = this;
    if (limits === undefined) {
      return unlimited;
    }
    const server = this.#serverOf(arrival.cookie, limits);
    const usage = this.#usage(`${server}/${arrival.user}`, arrival.now - limits.windowMs);
    check(usage, limits, arrival.now);
    usage.refused = 0;
    usage.running += 1;
    const call = { at: arrival.now, durationMs: 0 };
    usage.calls.push(call);
    return {
      headers: () => headersOf(usage, limits, server),
      done: (durationMs) => {
        call.durationMs = durationMs;
        usage.spentMs += durationMs;
        usage.running -= 1;
      },
    };
  }

  /** Without the cookie calls go round the servers, as they do for clients that keep no cookies. */
  #serverOf(cookie: string | undefined, { servers }: ProtectionLimits): number {
    const kept = Number(/(?:^|;\s*)ARRAffinity=(\d+)/.exec(cookie ?? '')?.[1] ?? Number.NaN);
    if (kept < servers) {
      return kept;
    }
    this.#nextServer = (this.#nextServer + 1) % servers;
    return this.#nextServer;
  }

  #usage(key: string, since: number): Usage {
    const usage = this.#users.get(key) ?? { calls: [], spentMs: 0, running: 0, refused: 0 };
    const over = usage.calls.findIndex((call) => call.at > since);
    const gone = usage.calls.splice(0, over < 0 ? usage.calls.length : over);
    usage.spentMs -= gone.reduce((sum, call) => sum + call.durationMs, 0);
    this.#users.set(key, usage);
    return usage;
  }
}

/** Facts A6: the wait grows for who keeps pushing, here by a second a call, up to a window. */
function limited(
  usage: Usage,
  { windowMs }: ProtectionLimits,
  refusal: { readonly code: string; readonly message: string; readonly waitMs: number },
): DataverseError {
  const waitMs = Math.min(refusal.waitMs + usage.refused * 1000, Math.max(windowMs, 1000));
  usage.refused += 1;
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new DataverseError(429, refusal.code, refusal.message, { 'Retry-After': String(seconds) });
}

/** Milliseconds until the calls that leave the window have given back enough time. */
function executionWait(usage: Usage, limits: ProtectionLimits, now: number): number {
  let spent = usage.spentMs;
  for (const call of usage.calls) {
    spent -= call.durationMs;
    if (spent < limits.executionMs) {
      return call.at + limits.windowMs - now;
    }
  }
  return limits.windowMs;
}

function check(usage: Usage, limits: ProtectionLimits, now: number): void {
  const window = `over time window of ${limits.windowMs / 1000} seconds.`;
  if (usage.running >= limits.concurrency) {
    throw limited(usage, limits, {
      code: '0x80072326',
      message: `Number of concurrent requests exceeded the limit of ${limits.concurrency}.`,
      waitMs: 1000,
    });
  }
  if (usage.calls.length >= limits.requests) {
    const oldest = usage.calls[usage.calls.length - limits.requests]?.at ?? now;
    throw limited(usage, limits, {
      code: '0x80072322',
      message: `Number of requests exceeded the limit of ${limits.requests} ${window}`,
      waitMs: oldest + limits.windowMs - now,
    });
  }
  if (usage.spentMs >= limits.executionMs) {
    throw limited(usage, limits, {
      code: '0x80072321',
      message: `Combined execution time of incoming requests exceeded limit of ${limits.executionMs} milliseconds ${window} Decrease number of concurrent requests or reduce the duration of requests and try again later.`,
      waitMs: executionWait(usage, limits, now),
    });
  }
}

function headersOf(
  usage: Usage,
  limits: ProtectionLimits,
  server: number,
): Readonly<Record<string, string>> {
  const seconds = Math.max(0, limits.executionMs - usage.spentMs) / 1000;
  return {
    'x-ms-ratelimit-burst-remaining-xrm-requests': String(limits.requests - usage.calls.length),
    'x-ms-ratelimit-time-remaining-xrm-requests': seconds.toLocaleString('en-US', {
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    }),
    ...(limits.servers > 1 ? { 'Set-Cookie': `ARRAffinity=${server}; path=/` } : {}),
  };
}
