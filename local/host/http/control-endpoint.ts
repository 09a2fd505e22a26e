import process from 'node:process';
import type { DurableEngineStatus } from '../engine/index.ts';
import type { RunningCount } from '../invocation/running-count.ts';
import { jsonReply, problemReply, type Reply } from './reply.ts';
import type { HostRequest } from './request.ts';

export interface ControlEndpointOptions {
  readonly running: RunningCount;
  readonly engine: () => DurableEngineStatus;
  readonly queuesIdle: () => boolean;
  readonly calls: CallCount;
}

/** Requests by the caller's product name, the part of User-Agent before the slash. */
export class CallCount {
  readonly #counts = new Map<string, number>();

  add(userAgent: string | undefined): void {
    const product = userAgent?.split(/[/ ]/, 1)[0] || 'unknown';
    this.#counts.set(product, (this.#counts.get(product) ?? 0) + 1);
  }

  toJSON(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** `GET /_control/status`: is anything left to do, and what was done. */
export function createControlEndpoint({
  running,
  engine,
  queuesIdle,
  calls,
}: ControlEndpointOptions) {
  return (request: HostRequest): Reply => {
    if (request.url.pathname !== '/_control/status') {
      return problemReply(404, 'Not found', 'The only control path is GET /_control/status.');
    }
    const durable = engine();
    const queues = queuesIdle();
    const idle =
      running.total === 0 &&
      queues &&
      durable.running === 0 &&
      durable.pending === 0 &&
      durable.waitingActivities === 0;
    return jsonReply(200, {
      idle,
      processId: process.pid,
      running: running.total,
      queuesIdle: queues,
      invocations: running.byFunction(),
      engine: durable,
      calls,
    });
  };
}
