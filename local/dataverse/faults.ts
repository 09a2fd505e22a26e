import { type Random, seededRandom } from '../seed/random.ts';
import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, jsonType } from './api-message.ts';
import { TornBatch } from './batch.ts';
import type { Dispatch } from './dispatch.ts';
import type { CallMemory } from './events/call-memory.ts';
import {
  type Fault,
  type FaultRule,
  ruleSchema,
  type SeededFaults,
  type SeededKind,
  seededKinds,
} from './fault-rule.ts';
import { errorBody } from './protocol-error.ts';
import type { WriteResult } from './write-rows.ts';

interface LiveRule {
  readonly rule: FaultRule;
  skip: number;
  left: number;
}

interface LiveSeeded {
  readonly seeded: SeededFaults;
  readonly random: Random;
}

type Scope = 'request' | 'part';

function strikes(
  place: Pick<FaultRule, 'method' | 'path' | 'scope'>,
  request: ApiRequest,
  scope: Scope,
): boolean {
  const target = request.query === '' ? request.path : `${request.path}?${request.query}`;
  return (
    (place.scope === 'any' || place.scope === scope) &&
    (place.method?.test(request.method) ?? true) &&
    (place.path?.test(target) ?? true)
  );
}

/** One draw decides whether and how a request is struck. */
function drawn({ seeded, random }: LiveSeeded): FaultRule | undefined {
  let mark = random.next();
  for (const [name, rate] of Object.entries(seeded.rates)) {
    mark -= rate;
    if (mark < 0) {
      const kind: SeededKind | undefined = isKind(name) ? name : undefined;
      const wish = kind === undefined ? {} : seededKinds[kind];
      return ruleSchema.parse(kind === 'delayed' ? { delayMs: seeded.delayMs } : wish);
    }
  }
  return undefined;
}

function isKind(name: string): name is SeededKind {
  return Object.hasOwn(seededKinds, name);
}

/** Faults in force: scripted rules first, then those drawn from seeds. */
export class FaultPlan {
  #rules: LiveRule[] = [];
  #seeded: LiveSeeded[] = [];
  /** What the parts of a call met, for when the call is run again. */
  readonly #taken = new WeakMap<CallMemory, Map<number, FaultRule | undefined>>();

  add(faults: readonly Fault[]): void {
    for (const fault of faults) {
      if (fault.kind === 'rule') {
        const { rule } = fault;
        this.#rules.push({ rule, skip: rule.skip, left: rule.times });
      } else {
        const { seeded } = fault;
        this.#seeded.push({ seeded, random: seededRandom(seeded.seed) });
      }
    }
  }

  clear(): void {
    this.#rules = [];
    this.#seeded = [];
  }

  /** Rules still to strike. */
  get pending(): number {
    return this.#rules.length;
  }

  /** Seeded plans in force. */
  get seeded(): number {
    return this.#seeded.length;
  }

  /** Takes the first fault that strikes here, counting a rule down. */
  take(request: ApiRequest, scope: Scope): FaultRule | undefined {
    const live = this.#rules.find(({ rule }) => strikes(rule, request, scope));
    if (live === undefined) {
      return this.#draw(request, scope);
    }
    if (live.skip > 0) {
      live.skip -= 1;
      return undefined;
    }
    live.left -= 1;
    if (live.left === 0) {
      this.#rules = this.#rules.filter((one) => one !== live);
    }
    return live.rule;
  }

  /** Like `take` for a part of a batch; a part that is run again meets the same. */
  takePart(context: ApiContext, request: ApiRequest): FaultRule | undefined {
    if (this.#rules.length === 0 && this.#seeded.length === 0) {
      return undefined;
    }
    const taken = this.#taken.get(context.memory) ?? new Map<number, FaultRule | undefined>();
    this.#taken.set(context.memory, taken);
    const place = context.memory.newPlace();
    if (!taken.has(place)) {
      taken.set(place, this.take(request, 'part'));
    }
    return taken.get(place);
  }

  #draw(request: ApiRequest, scope: Scope): FaultRule | undefined {
    for (const live of this.#seeded) {
      const rule = strikes(live.seeded, request, scope) ? drawn(live) : undefined;
      if (rule !== undefined) {
        return rule;
      }
    }
    return undefined;
  }
}

/** The status a rule answers with, or undefined when it answers with the service's own. */
export function faultStatus(rule: FaultRule): number | undefined {
  return rule.status ?? (rule.html ? 502 : undefined);
}

const page =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

/** The answer that a rule with a status gives. */
export function faultResponse(rule: FaultRule, status: number): ApiResponse {
  if (rule.html) {
    const body = typeof rule.body === 'string' ? rule.body : page;
    return { status, headers: { 'Content-Type': 'text/html', ...rule.headers }, body };
  }
  const fallback = errorBody({ code: '0x80040216', message: 'A scripted fault.' });
  const isText = typeof rule.body === 'string';
  const body = isText ? String(rule.body) : JSON.stringify(rule.body);
  return {
    status,
    headers: { 'Content-Type': jsonType, ...rule.headers },
    body: rule.body === undefined ? fallback : body,
  };
}

/** Lets the plan strike the parts of a batch. */
export function withPartFaults(run: Dispatch, plan: FaultPlan): Dispatch {
  return (context: ApiContext, request: ApiRequest): WriteResult => {
    const rule = plan.takePart(context, request);
    if (rule === undefined) {
      return run(context, request);
    }
    if (rule.torn === 'before') {
      throw new TornBatch();
    }
    const status = faultStatus(rule);
    const isRun = rule.torn === 'after' || rule.committed || status === undefined;
    const result = isRun ? run({ ...context, isStale: rule.stale }, request) : undefined;
    if (rule.torn === 'after') {
      throw new TornBatch();
    }
    return status === undefined && result !== undefined
      ? result
      : { response: faultResponse(rule, status ?? 500), reference: undefined };
  };
}
