import { z } from 'zod';

const headers = z.record(z.string(), z.string());
const milliseconds = z.int().min(0).max(600_000);
const rate = z.number().min(0).max(1);

/** One scripted fault: for the next `times` calls that fit, delay, answer otherwise, or tear the connection. */
const scriptedSchema = z.strictObject({
  method: z.string().optional(),
  /** Regular expression on path and query. */
  path: z.string().optional(),
  /** Whole requests, or the entries inside a batch or transaction. */
  scope: z.enum(['request', 'entry']).default('request'),
  times: z.int().positive().default(1),
  /** Strikes no longer than this after it was armed, however often it could. */
  forMs: milliseconds.optional(),
  delayMs: milliseconds.default(0),
  status: z.int().min(400).max(599).optional(),
  headers: headers.default({}),
  /** Sent instead of an OperationOutcome; text as it is (HTML when it begins with '<'), all else as JSON. */
  body: z.json().optional(),
  /** Adds Retry-After and x-ms-retry-after-ms; without a status the answer is 429. */
  retryAfterMs: milliseconds.optional(),
  /** `before` drops the connection without doing the work, `after` once the work is committed. */
  torn: z.enum(['before', 'after']).optional(),
  /** Reads and searches show every resource as it was before its last write. */
  stale: z.boolean().default(false),
});

/** Faults by chance: the same seed and the same order of calls give the same faults. */
const seededSchema = z.strictObject({
  seed: z.int(),
  method: z.string().optional(),
  path: z.string().optional(),
  /** Shares of the calls, as the Dataverse stand-in names them; at most 1 together. */
  rates: z
    .strictObject({
      /** 429 with Retry-After and x-ms-retry-after-ms. */
      throttled: rate,
      error500: rate,
      /** 503 without any hint. */
      error503: rate,
      /** 502 with a page of HTML, as a gateway sends. */
      error502html: rate,
      tornBefore: rate,
      tornAfter: rate,
      delayed: rate,
      stale: rate,
    })
    .partial()
    .refine(
      (rates) => Object.values(rates).reduce<number>((sum, one = 0) => sum + one, 0) <= 1,
      'the rates are more than 1 together',
    ),
  retryAfterMs: milliseconds.default(1_000),
  delayMs: milliseconds.default(50),
});

export const faultSchema = z.union([seededSchema, scriptedSchema]);
export const faultScriptSchema = z.union([faultSchema, z.array(faultSchema)]);

export type SeededFault = z.infer<typeof seededSchema>;
export type ScriptedFault = z.infer<typeof scriptedSchema>;

/** What one call suffers. */
export type Fault = Omit<ScriptedFault, 'method' | 'path' | 'scope' | 'times' | 'forMs'>;

export const gatewayPage =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
