import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiContext } from './api-context.ts';
import type { ApiRequest, ApiResponse } from './api-message.ts';
import { runBatch } from './batch.ts';
import { agentProduct, type CallCounts } from './call-counts.ts';
import { dispatch, errorResponse } from './dispatch.ts';
import { type FaultPlan, type FaultRule, faultResponse, withPartFaults } from './faults.ts';
import { DataverseError } from './protocol-error.ts';
import type { ServiceProtection } from './service-protection.ts';

export interface WebApiOptions {
  readonly base: Omit<ApiContext, 'baseUrl' | 'agent' | 'now' | 'references'>;
  readonly faults: FaultPlan;
  readonly counts: CallCounts;
  readonly protection: ServiceProtection;
  readonly requireToken: boolean;
  /** Value of the response header `x-ms-dop-hint`. */
  readonly dopHint: number;
}

/** An answer, or undefined to cut the connection. */
export type Answer = ApiResponse | undefined;

/** The Web API over its message types: counts, faults, limits, batches and single requests. */
export class WebApi {
  readonly #options: WebApiOptions;
  #running = 0;

  constructor(options: WebApiOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  async handle(request: ApiRequest, baseUrl: string): Promise<Answer> {
    const { counts, protection, requireToken } = this.#options;
    const agent = agentProduct(request.headers['user-agent']);
    counts.add(agent, request);
    if (requireToken && request.headers['authorization'] === undefined) {
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: '' };
    }
    this.#running += 1;
    const startedAt = Date.now();
    const user = request.headers['callerobjectid'] ?? request.headers['authorization'] ?? agent;
    try {
      const done = protection.admit(user, startedAt);
      try {
        return await this.#faulty(request, { baseUrl, agent });
      } finally {
        done(Date.now() - startedAt);
      }
    } catch (error) {
      return errorResponse(error);
    } finally {
      this.#running -= 1;
    }
  }

  /** Headers that every answer carries. */
  commonHeaders(): Readonly<Record<string, string>> {
    return { 'OData-Version': '4.0', 'x-ms-dop-hint': String(this.#options.dopHint) };
  }

  async #faulty(
    request: ApiRequest,
    caller: { readonly baseUrl: string; readonly agent: string },
  ): Promise<Answer> {
    const rule = this.#options.faults.take(request, 'request');
    if (rule === undefined) {
      return this.#answer(request, caller);
    }
    if (rule.delayMs !== undefined) {
      await sleep(rule.delayMs);
    }
    return this.#struck(rule, () => this.#answer(request, caller));
  }

  #struck(rule: FaultRule, answer: () => Answer): Answer {
    if (rule.torn === 'before') {
      return undefined;
    }
    const isRun = rule.torn === 'after' || rule.committed || rule.status === undefined;
    const response = isRun ? answer() : undefined;
    if (rule.torn === 'after') {
      return undefined;
    }
    return rule.status === undefined ? response : faultResponse(rule, rule.status);
  }

  #answer(
    request: ApiRequest,
    caller: { readonly baseUrl: string; readonly agent: string },
  ): Answer {
    const { base, faults } = this.#options;
    const context = { ...base, ...caller, now: Date.now(), references: new Map() };
    try {
      if (request.path === '$batch') {
        if (request.method !== 'POST') {
          throw new DataverseError(405, '0x8006088a', '$batch takes POST only.');
        }
        return runBatch(context, request, withPartFaults(dispatch, faults));
      }
      return dispatch(context, request).response;
    } catch (error) {
      return errorResponse(error);
    }
  }
}
