import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Random, seededRandom } from '../seed/random.ts';

const milliseconds = z.int().min(0).max(600_000);
const rate = z.number().min(0).max(1);
const place = {
  method: z.string().optional(),
  /** Regular expression on path and query. */
  path: z
    .string()
    .refine((text) => isPattern(text), 'must be a regular expression')
    .optional(),
};

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

/** A fault of the next `times` calls that fit: delay, another answer, or a torn connection. */
const scripted = z.strictObject({
  ...place,
  times: z.int().positive().default(1),
  delayMs: milliseconds.default(0),
  status: z.int().min(400).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.json().optional(),
  /** Answers a gateway's page; without a status 502. */
  html: z.boolean().default(false),
  /** `before` drops the connection without doing the work, `after` once the events are durable. */
  torn: z.enum(['before', 'after']).optional(),
});

/** Faults by chance: the same seed and the same order of calls give the same faults. */
const seeded = z.strictObject({
  ...place,
  seed: z.int(),
  rates: z
    .strictObject({
      throttled: rate,
      error500: rate,
      error503: rate,
      error502html: rate,
      tornBefore: rate,
      tornAfter: rate,
      delayed: rate,
    })
    .partial(),
  delayMs: milliseconds.default(50),
});

const faultSchema = z.union([seeded, scripted]);
export const callFaultsSchema = z.union([z.array(faultSchema), faultSchema]);
export type CallFaultWish = z.input<typeof faultSchema>;

type Scripted = z.infer<typeof scripted>;
type Seeded = z.infer<typeof seeded>;
type CallFault = Omit<Scripted, 'method' | 'path' | 'times'>;

interface Armed {
  readonly fault: Scripted | Seeded;
  readonly pattern: RegExp;
  readonly random: Random | undefined;
  left: number;
}

const none: CallFault = { delayMs: 0, headers: {}, html: false };

/** Faults of what publishers and administrators call, which are none of the delivery. */
export class CallFaults {
  #armed: Armed[] = [];

  /** Throws `ZodError`. */
  arm(wish: unknown): void {
    const parsed = callFaultsSchema.parse(wish);
    for (const fault of Array.isArray(parsed) ? parsed : [parsed]) {
      const isSeeded = 'seed' in fault;
      this.#armed.push({
        fault,
        pattern: new RegExp(fault.path ?? ''),
        random: isSeeded ? seededRandom(fault.seed) : undefined,
        left: isSeeded ? Number.POSITIVE_INFINITY : fault.times,
      });
    }
  }

  clear(): void {
    this.#armed = [];
  }

  get armed(): readonly object[] {
    return this.#armed.map(({ fault }) => fault);
  }

  /** The first fault that fits a call. */
  take(method: string, url: string): CallFault | undefined {
    for (const one of this.#armed) {
      const isMeant = (one.fault.method ?? method) === method && one.pattern.test(url);
      const fault = isMeant ? drawn(one) : undefined;
      if (fault === undefined) continue;
      one.left -= 1;
      this.#armed = this.#armed.filter(({ left }) => left > 0);
      return fault;
    }
    return undefined;
  }
}

/** One number per call decides. */
function drawn({ fault, random }: Armed): CallFault | undefined {
  if (!('seed' in fault)) return fault;
  const { rates, delayMs } = fault;
  const outcomes: readonly (readonly [number | undefined, CallFault])[] = [
    [rates.throttled, { ...none, status: 429, headers: { 'retry-after': '1' } }],
    [rates.error500, { ...none, status: 500 }],
    [rates.error503, { ...none, status: 503 }],
    [rates.error502html, { ...none, html: true }],
    [rates.tornBefore, { ...none, torn: 'before' }],
    [rates.tornAfter, { ...none, torn: 'after' }],
    [rates.delayed, { ...none, delayMs }],
  ];
  let at = random?.next() ?? 1;
  for (const [share = 0, outcome] of outcomes) {
    if (at < share) return outcome;
    at -= share;
  }
  return undefined;
}

const page = '<html><body><h1>502 Bad Gateway</h1></body></html>';

/** Plays what comes before the work; true when that was all. */
export async function playCallFault(fault: CallFault, response: ServerResponse): Promise<boolean> {
  if (fault.delayMs > 0) await sleep(fault.delayMs);
  if (fault.torn === 'before') {
    response.destroy();
    return true;
  }
  if (fault.torn === 'after') return false;
  const status = fault.status ?? (fault.html ? 502 : undefined);
  if (status === undefined) return false;
  const usual = { error: { code: 'Fault', message: 'A fault that was asked for.' } };
  const text = fault.html ? page : JSON.stringify(fault.body ?? usual);
  const type = fault.html ? 'text/html' : 'application/json; charset=utf-8';
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...fault.headers,
  });
  response.end(text);
  return true;
}
