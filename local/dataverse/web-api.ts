import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, detectsDuplicates } from './api-message.ts';
import { runBatch } from './batch.ts';
import { agentProduct, type CallCounts } from './call-counts.ts';
import type { Clock } from './clock.ts';
import { dispatch, errorResponse } from './dispatch.ts';
import { plainCall } from './events/call-facts.ts';
import { CallMemory, Suspension } from './events/call-memory.ts';
import type { DeliveryRunner } from './events/delivery-runner.ts';
import type { FaultRule } from './fault-rule.ts';
import { type FaultPlan, faultResponse, faultStatus, withPartFaults } from './faults.ts';
import { DataverseError } from './protocol-error.ts';
import { type Caller, callerOf } from './security/caller.ts';
import type { ServiceProtection } from './service-protection.ts';
import { httpDate } from './time-text.ts';

export interface WebApiOptions {
  readonly base: Pick<
    ApiContext,
    'model' | 'store' | 'customizations' | 'replica' | 'keyBuildMs' | 'deltaLifeMs' | 'events'
  >;
  /** Posts what the asynchronous steps of a committed call promised. */
  readonly deliveries: DeliveryRunner;
  readonly faults: FaultPlan;
  readonly clock: Clock;
  readonly counts: CallCounts;
  readonly protection: ServiceProtection;
  readonly requireToken: boolean;
  /** Value of the response header `x-ms-dop-hint`. */
  readonly dopHint: number;
}

interface Calling {
  readonly baseUrl: string;
  readonly agent: string;
  readonly caller: Caller;
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
    try {
      const caller = callerOf(this.#options.base, request.headers);
      const { headers, done } = protection.admit({
        user: caller.onBehalfBy ?? caller.userId,
        now: startedAt,
        cookie: request.headers['cookie'],
      });
      try {
        const answer = await this.#faulty(request, { baseUrl, agent, caller });
        return answer && { ...answer, headers: { ...headers(), ...answer.headers } };
      } finally {
        done(Date.now() - startedAt);
      }
    } catch (error) {
      return errorResponse(error, request.headers['prefer']);
    } finally {
      this.#running -= 1;
    }
  }

  /** Headers that every answer carries. */
  commonHeaders(): Readonly<Record<string, string>> {
    return {
      'OData-Version': '4.0',
      'x-ms-dop-hint': String(this.#options.dopHint),
      Date: httpDate(this.#options.clock.now()),
    };
  }

  async #faulty(request: ApiRequest, caller: Calling): Promise<Answer> {
    const rule = this.#options.faults.take(request, 'request');
    if (rule === undefined) {
      return this.#answer(request, { ...caller, isStale: false });
    }
    if (rule.delayMs !== undefined) {
      await sleep(rule.delayMs);
    }
    return this.#struck(rule, () => this.#answer(request, { ...caller, isStale: rule.stale }));
  }

  async #struck(rule: FaultRule, answer: () => Promise<Answer>): Promise<Answer> {
    if (rule.torn === 'before') {
      return undefined;
    }
    const status = faultStatus(rule);
    const isRun = rule.torn === 'after' || rule.committed || status === undefined;
    const response = isRun ? await answer() : undefined;
    if (rule.torn === 'after') {
      return undefined;
    }
    return status === undefined ? response : faultResponse(rule, status);
  }

  /** Runs the call, and runs it again from the start after every wait for a synchronous step. */
  async #answer(
    request: ApiRequest,
    caller: Calling & { readonly isStale: boolean },
  ): Promise<Answer> {
    const { base, deliveries, clock } = this.#options;
    const memory = new CallMemory();
    const context: ApiContext = {
      ...base,
      ...caller,
      authorization: request.headers['authorization'],
      detectsDuplicates: detectsDuplicates(request.headers),
      now: clock.now(),
      references: new Map(),
      memory,
      call: plainCall,
      frame: undefined,
      bulk: undefined,
    };
    base.events.beginCall();
    for (;;) {
      const outcome = this.#run(context, request);
      base.events.beginCall();
      if (!(outcome instanceof Suspension)) {
        deliveries.kick();
        return outcome;
      }
      await outcome.resume();
      memory.rewind();
    }
  }

  #run(context: ApiContext, request: ApiRequest): Answer | Suspension {
    try {
      if (request.path === '$batch') {
        if (request.method !== 'POST') {
          throw new DataverseError(405, '0x8006088a', '$batch takes POST only.');
        }
        return runBatch(context, request, withPartFaults(dispatch, this.#options.faults));
      }
      return dispatch(context, request).response;
    } catch (error) {
      return error instanceof Suspension ? error : errorResponse(error, request.headers['prefer']);
    }
  }
}
