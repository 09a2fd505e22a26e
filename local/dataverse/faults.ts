import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import type { ApiRequest, ApiResponse } from './api-message.ts';
import { TornBatch } from './batch.ts';
import type { Dispatch } from './dispatch.ts';
import { errorBody } from './protocol-error.ts';
import type { WriteResult } from './write-rows.ts';

const expression = z.string().transform((text, context) => {
  try {
    return new RegExp(text);
  } catch {
    context.addIssue({ code: 'custom', message: `'${text}' is not a regular expression` });
    return z.NEVER;
  }
});

/**
 * A scripted fault of `POST /_control/faults`. `method` and `path` are regular
 * expressions, the latter over the raw path and query after `/api/data/v9.2/`.
 */
const ruleSchema = z.strictObject({
  method: expression.optional(),
  path: expression.optional(),
  /** Where it strikes: whole requests, parts inside a `$batch`, or both. */
  scope: z.enum(['request', 'part', 'any']).default('any'),
  /** How many matches to let pass first. */
  skip: z.int().nonnegative().default(0),
  /** How many matches to strike. */
  times: z.int().positive().default(1),
  /** Answer this instead; `committed` says that the work is done all the same. */
  status: z.int().min(200).max(599).optional(),
  committed: z.boolean().default(false),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  /** Wait so long before handling, in milliseconds; not for parts of a batch. */
  delayMs: z.int().nonnegative().max(600_000).optional(),
  /** Cut the connection before or after the work is committed. */
  torn: z.enum(['before', 'after']).optional(),
});

/** One rule or a list of them. */
export const faultsSchema = z.preprocess(
  (body) => (Array.isArray(body) ? body : [body]),
  z.array(ruleSchema),
);
export type FaultRule = z.output<typeof ruleSchema>;

interface LiveRule {
  readonly rule: FaultRule;
  skip: number;
  left: number;
}

export class FaultPlan {
  #rules: LiveRule[] = [];

  add(rules: readonly FaultRule[]): void {
    this.#rules.push(...rules.map((rule) => ({ rule, skip: rule.skip, left: rule.times })));
  }

  clear(): void {
    this.#rules = [];
  }

  /** Rules still to strike. */
  get pending(): number {
    return this.#rules.length;
  }

  /** Takes the first rule that strikes here, counting it down. */
  take(request: ApiRequest, scope: 'request' | 'part'): FaultRule | undefined {
    if (this.#rules.length === 0) {
      return undefined;
    }
    const target = request.query === '' ? request.path : `${request.path}?${request.query}`;
    const live = this.#rules.find(
      ({ rule }) =>
        (rule.scope === 'any' || rule.scope === scope) &&
        (rule.method?.test(request.method) ?? true) &&
        (rule.path?.test(target) ?? true),
    );
    if (live === undefined) {
      return undefined;
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
}

/** The answer that a rule with a status gives. */
export function faultResponse(rule: FaultRule, status: number): ApiResponse {
  const fallback = errorBody({ code: '0x80040216', message: 'A scripted fault.' });
  const isText = typeof rule.body === 'string';
  const body = isText ? String(rule.body) : JSON.stringify(rule.body);
  return {
    status,
    headers: { 'Content-Type': 'application/json; odata.metadata=minimal', ...rule.headers },
    body: rule.body === undefined ? fallback : body,
  };
}

/** Lets the plan strike the parts of a batch. */
export function withPartFaults(run: Dispatch, plan: FaultPlan): Dispatch {
  return (context: ApiContext, request: ApiRequest): WriteResult => {
    const rule = plan.take(request, 'part');
    if (rule === undefined) {
      return run(context, request);
    }
    if (rule.torn === 'before') {
      throw new TornBatch();
    }
    const isRun = rule.torn === 'after' || rule.committed || rule.status === undefined;
    const result = isRun ? run(context, request) : undefined;
    if (rule.torn === 'after') {
      throw new TornBatch();
    }
    return rule.status === undefined && result !== undefined
      ? result
      : { response: faultResponse(rule, rule.status ?? 500), reference: undefined };
  };
}
