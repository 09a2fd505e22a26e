import { z } from 'zod';
import { type Random, seededRandom } from '../../seed/random.ts';
import { badRequest } from '../outcome.ts';
import {
  type Fault,
  faultScriptSchema,
  gatewayPage,
  type ScriptedFault,
  type SeededFault,
} from './fault-script.ts';

interface ArmedFault {
  readonly kind: 'scripted';
  readonly fault: ScriptedFault;
  readonly path: RegExp;
  readonly until: number;
  left: number;
}

interface ArmedChance {
  readonly kind: 'seeded';
  readonly fault: SeededFault;
  readonly path: RegExp;
  readonly random: Random;
}

interface FaultCall {
  readonly scope: ScriptedFault['scope'];
  readonly method: string;
  readonly url: string;
}

/** Faults by chance strike whole requests only. */
function fits(one: ArmedFault | ArmedChance, call: FaultCall): boolean {
  const scope = one.kind === 'seeded' ? 'request' : one.fault.scope;
  const method = one.fault.method ?? call.method;
  return scope === call.scope && method === call.method && one.path.test(call.url);
}

/** Holds the faults that were asked for and takes the first that fits a call. */
export function createFaults() {
  let armed: (ArmedFault | ArmedChance)[] = [];
  const take = (call: FaultCall): Fault | undefined => {
    if (armed.length === 0) return undefined;
    const now = Date.now();
    armed = armed.filter((one) => one.kind === 'seeded' || one.until > now);
    for (const one of armed.filter((candidate) => fits(candidate, call))) {
      const fault = one.kind === 'seeded' ? drawn(one) : one.fault;
      if (fault === undefined) continue;
      if (one.kind === 'scripted') {
        one.left -= 1;
        armed = armed.filter((other) => other.kind === 'seeded' || other.left > 0);
      }
      return fault;
    }
    return undefined;
  };
  return {
    arm(script: unknown): void {
      const parsed = faultScriptSchema.safeParse(script);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      const faults = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
      armed.push(...faults.map(armedFault));
    },
    clear: (): void => {
      armed = [];
    },
    list: () =>
      armed.map((one) => (one.kind === 'seeded' ? one.fault : { ...one.fault, left: one.left })),
    /** The fault of a whole request. */
    take: (method: string, url: string): Fault | undefined =>
      take({ scope: 'request', method, url }),
    /** The fault of one entry of a batch or transaction. */
    takeEntry: (method: string, url: string): Fault | undefined =>
      take({ scope: 'entry', method, url }),
  };
}

export type Faults = ReturnType<typeof createFaults>;

function armedFault(fault: ScriptedFault | SeededFault): ArmedFault | ArmedChance {
  const path = pattern(fault.path);
  if ('seed' in fault) return { kind: 'seeded', fault, path, random: seededRandom(fault.seed) };
  const until = fault.forMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + fault.forMs;
  return { kind: 'scripted', fault, path, until, left: fault.times };
}

const none: Fault = { delayMs: 0, headers: {}, stale: false };

/** One number per call decides, so that a longer list of rates never shifts the later draws. */
function drawn({ fault, random }: ArmedChance): Fault | undefined {
  const { rates } = fault;
  const outcomes: readonly (readonly [number | undefined, Fault])[] = [
    [rates.throttled, { ...none, status: 429, retryAfterMs: fault.retryAfterMs }],
    [rates.error500, { ...none, status: 500 }],
    [rates.error503, { ...none, status: 503 }],
    [rates.error502html, { ...none, status: 502, body: gatewayPage }],
    [rates.tornBefore, { ...none, torn: 'before' }],
    [rates.tornAfter, { ...none, torn: 'after' }],
    [rates.delayed, { ...none, delayMs: fault.delayMs }],
    [rates.stale, { ...none, stale: true }],
  ];
  let drawnAt = random.next();
  for (const [rate = 0, outcome] of outcomes) {
    if (drawnAt < rate) return outcome;
    drawnAt -= rate;
  }
  return undefined;
}

function pattern(source: string | undefined): RegExp {
  try {
    return new RegExp(source ?? '');
  } catch {
    throw badRequest('The path of a fault must be a regular expression.');
  }
}
