import { z } from 'zod';
import { badRequest } from '../outcome.ts';
import { type JobKindName, jobKinds } from './job.ts';

const repeated = {
  operation: z.enum(jobKinds).optional(),
  times: z.int().positive().default(1),
  /** Calls that fit and go unharmed first. */
  after: z.int().min(0).default(0),
};
const step = z.enum(['kick-off', 'poll', 'cancel']).optional();

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('throttled'),
    step,
    ...repeated,
    retryAfterMs: z.int().min(0).default(1000),
    headers: z.enum(['both', 'retry-after', 'retry-after-ms', 'http-date', 'none']).default('both'),
  }),
  z.strictObject({ kind: z.literal('html-gateway'), step, ...repeated }),
  z.strictObject({ kind: z.literal('expired-token'), step, ...repeated }),
  z.strictObject({ kind: z.literal('forbidden'), step, ...repeated }),
  z.strictObject({ kind: z.literal('no-content-location'), ...repeated }),
  z.strictObject({ kind: z.literal('stuck'), ...repeated }),
  z.strictObject({ kind: z.literal('slow'), step, ...repeated, delayMs: z.int().min(0) }),
  z.strictObject({ kind: z.literal('premature'), ...repeated }),
  z.strictObject({
    kind: z.literal('stopped'),
    ...repeated,
    afterFiles: z.int().min(0).default(1),
  }),
  z.strictObject({
    kind: z.literal('out-of-memory'),
    ...repeated,
    afterFiles: z.int().min(0).default(0),
    status: z.int().min(400).max(599).default(500),
  }),
  z.strictObject({
    kind: z.literal('fatal'),
    ...repeated,
    afterBatches: z.int().min(0).default(1),
    status: z.int().min(400).max(599).default(500),
  }),
  z.strictObject({ kind: z.literal('late-write'), ...repeated, lateMs: z.int().positive() }),
]);

export type BulkFault = z.infer<typeof faultSchema>;
export type BulkFaultKind = BulkFault['kind'];
export type BulkFaultOf<K extends BulkFaultKind> = Extract<BulkFault, { kind: K }>;
type Step = NonNullable<z.infer<typeof step>>;

const seededKinds = ['throttled', 'html-gateway', 'expired-token', 'no-content-location'] as const;
const moreSeededKinds = ['stuck', 'premature', 'stopped', 'out-of-memory', 'fatal'] as const;
const rate = z.number().min(0).max(1);

const seededSchema = z.strictObject({
  seed: z.int(),
  /** Probability of each kind per call that it fits; the kind's own defaults apply. */
  rates: z.partialRecord(z.enum([...seededKinds, ...moreSeededKinds]), rate),
});

const scriptSchema = z.union([seededSchema, faultSchema, z.array(faultSchema)]);

interface Armed {
  readonly fault: BulkFault;
  left: number;
  toSkip: number;
}

/**
 * Faults of bulk operations, set with `POST /_control/bulk-faults`: one fault or
 * an array of faults, each for the next `times` calls that fit after `after`
 * unharmed ones, or `{seed, rates}` for faults drawn by a generator that gives
 * the same faults for the same calls. `GET` lists what is armed, `DELETE` clears.
 *
 * | kind | at | effect |
 * |---|---|---|
 * | throttled | kick-off, poll, cancel | 429; `headers` chooses Retry-After, x-ms-retry-after-ms, both, an HTTP date or none |
 * | html-gateway | same | 502 with an HTML page |
 * | expired-token, forbidden | same | 401 or 403 |
 * | slow | same | the answer takes `delayMs` |
 * | no-content-location | kick-off | the job starts, but nobody is told where |
 * | stuck | poll | 202 whatever the state |
 * | premature | poll of an export | 200 with a part of the output |
 * | stopped | run of an export | ends after `afterFiles` files as if complete |
 * | out-of-memory | run of an export | fails after `afterFiles` files with `status` |
 * | fatal | run of an import | fails after `afterBatches` batches, which stay loaded, with `status` |
 * | late-write | next writes by the API | lastUpdated lies `lateMs` in the past |
 */
export function createBulkFaults() {
  let armed: Armed[] = [];
  let seeded: z.infer<typeof seededSchema> | undefined;
  let draw = (): number => 1;

  function scripted(fits: (fault: BulkFault) => boolean): BulkFault | undefined {
    const found = armed.find(({ fault }) => fits(fault));
    if (found === undefined) return undefined;
    if (found.toSkip > 0) {
      found.toSkip -= 1;
      return undefined;
    }
    found.left -= 1;
    if (found.left === 0) armed = armed.filter((other) => other !== found);
    return found.fault;
  }

  function drawn(kind: BulkFaultKind): BulkFault | undefined {
    const rates: Readonly<Record<string, number | undefined>> = seeded?.rates ?? {};
    const chance = rates[kind];
    if (chance === undefined || draw() >= chance) return undefined;
    return faultSchema.safeParse({ kind }).data;
  }

  /** The first fault of these kinds that fits a call, and so is used up by it. */
  function take(
    operation: JobKindName | undefined,
    place: Step | undefined,
    kinds: readonly BulkFaultKind[],
  ): BulkFault | undefined {
    const fits = (fault: BulkFault) =>
      kinds.includes(fault.kind) &&
      (fault.operation === undefined || fault.operation === operation) &&
      (!('step' in fault) || fault.step === undefined || fault.step === place);
    return scripted(fits) ?? kinds.map(drawn).find((fault) => fault !== undefined);
  }

  return {
    take,
    /** As `take`, for one kind. */
    takeOne<K extends BulkFaultKind>(
      operation: JobKindName | undefined,
      kind: K,
    ): BulkFaultOf<K> | undefined {
      const fault = take(operation, undefined, [kind]);
      return isKind(fault, kind) ? fault : undefined;
    },
    arm(script: unknown): void {
      const parsed = scriptSchema.safeParse(script);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      if ('seed' in parsed.data) {
        seeded = parsed.data;
        draw = randomOf(seeded.seed);
        return;
      }
      const faults = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
      armed.push(...faults.map((fault) => ({ fault, left: fault.times, toSkip: fault.after })));
    },
    clear(): void {
      armed = [];
      seeded = undefined;
    },
    list: () => ({
      faults: armed.map(({ fault, left }) => ({ ...fault, left })),
      seeded: seeded ?? null,
    }),
  };
}

export type BulkFaults = ReturnType<typeof createBulkFaults>;

function isKind<K extends BulkFaultKind>(
  fault: BulkFault | undefined,
  kind: K,
): fault is BulkFaultOf<K> {
  return fault?.kind === kind;
}

/** Mulberry32: small, and the same numbers for the same seed everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
