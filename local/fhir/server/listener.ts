import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../interaction.ts';
import { dispatch } from '../interactions/dispatch.ts';
import { parseTarget, type Target } from '../interactions/target.ts';
import { FhirError } from '../outcome.ts';
import type { Numbering } from '../store/database.ts';
import { parseBody, readBody } from './body.ts';
import { type Calls, callKind, productOf } from './calls.ts';
import type { Control } from './control.ts';
import type { Faults } from './faults.ts';
import { playFault, retryHeaders, throttled } from './play-fault.ts';
import { sendFailure, sendJson, sendReply } from './reply.ts';
import { fhirRequest } from './request.ts';
import type { Roles } from './roles.ts';
import type { Throttle } from './throttle.ts';

export interface ListenerParts {
  readonly service: Service;
  readonly agents: Numbering;
  readonly calls: Calls;
  readonly faults: Faults;
  readonly throttle: Throttle;
  readonly roles: Roles;
  readonly control: Control;
  readonly maximumBodyBytes: number;
  readonly wakePublisher: () => void;
  /** Told about defects; the caller of the API only sees that there was one. */
  readonly onDefect: (error: unknown) => void;
}

/** The HTTP side: body in, interaction, answer out; nothing it throws leaves it. */
export function createListener(parts: ListenerParts) {
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = message.url ?? '/';
    const isControl = url.startsWith('/_control/');
    if (!isControl) parts.calls.enter();
    try {
      if (isControl) await answerControl(parts, message, response);
      else await answerApi(parts, message, response);
    } catch (error) {
      if (!(error instanceof FhirError)) parts.onDefect(error);
      sendFailure(response, error);
    } finally {
      if (!isControl) parts.calls.leave();
      message.resume();
    }
  };
}

async function answerControl(
  parts: ListenerParts,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readBody(message, parts.maximumBodyBytes);
  const { pathname, searchParams } = new URL(message.url ?? '/', 'http://localhost');
  const { body, patch } = parseControlBody(text);
  const method = message.method ?? 'GET';
  const answer = parts.control({
    method,
    path: pathname,
    query: searchParams,
    body: body ?? patch,
  });
  sendJson(response, 200, answer);
}

/** A control body is JSON whatever its Content-Type says; a script of several faults is an array. */
function parseControlBody(text: string) {
  const isList = text.trimStart().startsWith('[');
  return parseBody(text, isList ? 'application/json-patch+json' : 'application/json', false);
}

async function answerApi(
  parts: ListenerParts,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = message.method ?? 'GET';
  const url = message.url ?? '/';
  const baseUrl = `http://${message.headers.host ?? 'localhost'}`;
  const product = productOf(message.headers['user-agent']);
  const target = parseTarget(url, baseUrl);
  parts.calls.count(product, callKind(method, target.path));
  const text = method === 'GET' ? '' : await readBody(message, parts.maximumBodyBytes);
  const waitMs = parts.throttle.waitMs();
  if (waitMs > 0) {
    sendFailure(response, throttled(), retryHeaders(waitMs));
    return;
  }
  parts.roles.check({ method, ...target, authorization: message.headers.authorization });
  const fault = parts.faults.take(method, url);
  if (fault !== undefined && (await playFault(fault, response))) return;
  const agent = parts.agents.numberOf(product);
  const stale = fault?.stale ?? false;
  const reply = answer(parts, { message, target, text, agent, baseUrl, stale });
  if (method !== 'GET') parts.wakePublisher();
  if (reply.delayMs) await delay(reply.delayMs);
  if (fault?.torn === 'after') response.destroy();
  else sendReply(response, reply);
}

interface Arrived {
  readonly message: IncomingMessage;
  readonly target: Target;
  readonly text: string;
  readonly agent: number;
  readonly baseUrl: string;
  readonly stale: boolean;
}

function answer(parts: ListenerParts, { text, ...arrived }: Arrived) {
  const { message, target } = arrived;
  const isSearch = message.method === 'POST' && target.path.at(-1) === '_search';
  const parsed = parseBody(text, message.headers['content-type'], isSearch);
  try {
    return dispatch(parts.service, fhirRequest({ ...arrived, parsed }));
  } finally {
    parts.service.registry.settle();
  }
}
