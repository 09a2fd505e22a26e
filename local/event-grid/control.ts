import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Broker } from './broker.ts';
import type { CallFaults } from './call-faults.ts';
import type { Clock } from './clock.ts';
import { EventGridError } from './event-grid-error.ts';
import { type Faults, setFaults } from './faults.ts';
import type { Store } from './store.ts';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

interface ControlParts {
  readonly broker: Broker;
  readonly store: Store;
  readonly faults: Faults;
  readonly callFaults: CallFaults;
  readonly clock: Clock;
}

interface ControlCall {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly segments: readonly string[];
  readonly body: unknown;
}

const largestPage = 10_000;

/** Answers what tests and the launcher ask about this stand-in; no part of Event Grid. */
export function control(
  { broker, store, faults, callFaults, clock }: ControlParts,
  { request, method, segments, body }: ControlCall,
  calls: ReadonlyMap<string, number>,
): Answer {
  switch (`${method} ${segments[1]}`) {
    case 'GET status':
      return { status: 200, body: { ...broker.status(), calls: Object.fromEntries(calls) } };
    case 'GET faults':
      return { status: 200, body: { ...faults.settings, calls: callFaults.armed } };
    case 'POST faults':
      arm({ faults, callFaults }, body);
      return { status: 200, body: { ...faults.settings, calls: callFaults.armed } };
    case 'DELETE faults':
      setFaults(faults, {});
      callFaults.clear();
      return { status: 200, body: { ...faults.settings, calls: [] } };
    case 'GET clock':
      return { status: 200, body: clock.state() };
    case 'POST clock':
      return { status: 200, body: clock.set(body) };
    case 'GET writes':
      return { status: 200, body: writesOf(store, request.url ?? '') };
    case 'GET dead-letters':
      return { status: 200, body: { value: store.deadLetters(1_000) } };
    default:
      throw new EventGridError(
        404,
        'ResourceNotFound',
        `Not found: ${method} /_control/${segments[1] ?? ''} (there are GET status, GET, POST and DELETE faults, GET and POST clock, GET writes, GET dead-letters).`,
      );
  }
}

const deliveryFaults = ['duplicateRate', 'reorderRate', 'dropRate', 'lostAnswerRate'];

/** A list, a script or `rates` are faults of calls; all else are the faults of deliveries. */
function arm({ faults, callFaults }: Pick<ControlParts, 'faults' | 'callFaults'>, body: unknown) {
  const names = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  const isOfDelivery = names.every((name) => name === 'seed' || deliveryFaults.includes(name));
  const mixes = names.some((name) => deliveryFaults.includes(name));
  if (!Array.isArray(body) && (isOfDelivery || mixes)) {
    setFaults(faults, body);
    return;
  }
  try {
    callFaults.arm(body);
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : 'no fault';
    throw new EventGridError(400, 'InvalidRequest', `Faults are not valid. ${detail}`);
  }
}

/** `?since=n&limit=m`: accepted events behind a sequence number, and where to go on. */
function writesOf(store: Store, url: string) {
  const { searchParams } = new URL(url, 'http://127.0.0.1');
  const since = Number(searchParams.get('since') ?? 0) || 0;
  const limit = Math.min(Number(searchParams.get('limit')) || largestPage, largestPage);
  const writes = store.publishedSince(since, limit);
  return { writes, next: writes.at(-1)?.sequence ?? since };
}
