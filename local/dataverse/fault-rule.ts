import { z } from 'zod';

const expression = z.string().transform((text, context) => {
  try {
    return new RegExp(text);
  } catch {
    context.addIssue({ code: 'custom', message: `'${text}' is not a regular expression` });
    return z.NEVER;
  }
});

/** Which requests a fault strikes; expressions go over the method, and over the raw path and query. */
const place = {
  method: expression.optional(),
  /** Over the raw path and query after `/api/data/v9.2/`. */
  path: expression.optional(),
  /** Where it strikes: whole requests, parts inside a `$batch`, or both. */
  scope: z.enum(['request', 'part', 'any']).default('any'),
};

/** A scripted fault of `POST /_control/faults`. */
export const ruleSchema = z.strictObject({
  ...place,
  /** How many matches to let pass first. */
  skip: z.int().nonnegative().default(0),
  /** How many matches to strike. */
  times: z.int().positive().default(1),
  /** Answer this instead; `committed` says that the work is done all the same. */
  status: z.int().min(200).max(599).optional(),
  committed: z.boolean().default(false),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  /** The body is a page of HTML, as gateways answer; status 502 unless another is given. */
  html: z.boolean().default(false),
  /** Wait so long before handling, in milliseconds; not for parts of a batch. */
  delayMs: z.int().nonnegative().max(600_000).optional(),
  /** Cut the connection before or after the work is committed. */
  torn: z.enum(['before', 'after']).optional(),
  /** A read sees every row as it was before its last write. */
  stale: z.boolean().default(false),
});

export type FaultRule = z.output<typeof ruleSchema>;

/** Kinds of seeded faults, each with what it does. */
export const seededKinds = {
  error500: { status: 500 },
  error503: { status: 503, headers: { 'Retry-After': '1' } },
  error502html: { html: true },
  throttled: {
    status: 429,
    headers: { 'Retry-After': '1' },
    body: {
      error: { code: '0x80072322', message: 'Number of requests exceeded the limit of 6000.' },
    },
  },
  tornBefore: { torn: 'before' },
  tornAfter: { torn: 'after' },
  committed504: { status: 504, committed: true },
  delayed: { delayMs: 50 },
  stale: { stale: true },
} as const;

const kindNames = [
  'error500',
  'error503',
  'error502html',
  'throttled',
  'tornBefore',
  'tornAfter',
  'committed504',
  'delayed',
  'stale',
] as const satisfies readonly (keyof typeof seededKinds)[];

export type SeededKind = (typeof kindNames)[number];

/** Faults drawn from a seed: the same seed and the same order of requests give the same faults. */
export const seededSchema = z.strictObject({
  ...place,
  scope: place.scope.default('request'),
  seed: z.int(),
  /** Share of requests, 0 to 1, by kind; together at most 1. */
  rates: z
    .partialRecord(z.enum(kindNames), z.number().min(0).max(1))
    .refine(
      (rates) => Object.values(rates).reduce((sum, rate) => sum + rate, 0) <= 1,
      'the rates are more than 1 together',
    ),
  delayMs: z.int().nonnegative().max(600_000).default(50),
});

export type SeededFaults = z.output<typeof seededSchema>;

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('rule'), rule: ruleSchema }),
  z.strictObject({ kind: z.literal('seeded'), seeded: seededSchema }),
]);

/** What has `rates` is a seeded plan, everything else a rule. */
function withKind(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'rates' in body
    ? { kind: 'seeded', seeded: body }
    : { kind: 'rule', rule: body };
}

/** One rule or seeded plan, or a list of them. */
export const faultsSchema = z.preprocess(
  (body) => (Array.isArray(body) ? body : [body]).map(withKind),
  z.array(fault),
);

export type Fault = z.output<typeof faultsSchema>[number];
/** A fault as a test writes it. */
export type FaultWish = z.input<typeof ruleSchema> | z.input<typeof seededSchema>;
