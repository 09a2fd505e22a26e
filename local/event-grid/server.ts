import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { checkPublisher, type PublisherSecrets } from './authorization.ts';
import type { Broker } from './broker.ts';
import { type CallFaults, playCallFault } from './call-faults.ts';
import type { Clock } from './clock.ts';
import { type Answer, control } from './control.ts';
import { maximumBodyBytes, parseEvents } from './event.ts';
import { EventGridError, errorBody } from './event-grid-error.ts';
import type { Faults } from './faults.ts';
import type { ManualValidations } from './manual-validation.ts';
import type { Store } from './store.ts';
import { parseSubscription, subscriptionView, topicResourceId } from './subscription.ts';

export interface ServerParts {
  readonly broker: Broker;
  readonly store: Store;
  readonly faults: Faults;
  readonly callFaults: CallFaults;
  readonly manual: ManualValidations;
  readonly clock: Clock;
  readonly secrets: PublisherSecrets;
}

interface Call {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly segments: readonly string[];
}

export function createEventGridServer(parts: ServerParts): Server {
  const calls = new Map<string, number>();
  const options = { keepAliveTimeout: 60_000 };
  return createServer(options, (request, response) => {
    response.setHeader('date', new Date(parts.clock.now()).toUTCString());
    answerFaulty(parts, { request, response, calls }).catch((problem: unknown) =>
      respondProblem(response, problem),
    );
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly calls: Map<string, number>;
}

async function answerFaulty(
  parts: ServerParts,
  { request, response, calls }: Exchange,
): Promise<void> {
  const url = request.url ?? '/';
  const isControl = url.startsWith('/_control/');
  const fault = isControl ? undefined : parts.callFaults.take(request.method ?? 'GET', url);
  if (fault !== undefined && (await playCallFault(fault, response))) return;
  const answer = await answerCall(parts, request, calls);
  if (fault?.torn === 'after') response.destroy();
  else respond(response, answer);
}

async function answerCall(
  parts: ServerParts,
  request: IncomingMessage,
  calls: Map<string, number>,
): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const segments = pathname.split('/').slice(1).map(decoded);
  const call = { request, method: request.method ?? 'GET', segments };
  if (segments[0] === '_control') return answerControl(parts, call, calls);
  countCall(request, calls);
  const [root, topic, kind, name, ...rest] = segments;
  if (root === 'validate' && topic === undefined) return openValidation(parts, call);
  if (root !== 'topics' || topic === undefined || topic === '') throw notFound(pathname);
  if (kind === 'api' && name === 'events' && rest.length === 0) return publish(parts, call, topic);
  if (kind === 'subscriptions' && rest.length === 0) {
    return name === undefined || name === ''
      ? listSubscriptions(parts, call, topic)
      : subscription(parts, call, { topic, name });
  }
  throw notFound(pathname);
}

async function answerControl(
  parts: ServerParts,
  call: Call,
  calls: ReadonlyMap<string, number>,
): Promise<Answer> {
  const body = call.method === 'POST' ? parseJson(await readBody(call.request)) : undefined;
  return control(parts, { ...call, body }, calls);
}

/** The address that a validation event carries: opening it confirms the subscription. */
function openValidation({ manual }: ServerParts, { request, method }: Call): Answer {
  if (method !== 'GET') throw notAllowed('GET');
  const code = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('id') ?? '';
  if (!manual.open(code)) throw notFound('a handshake that waits for this address');
  return { status: 200, body: 'Webhook successfully validated as a subscription endpoint' };
}

async function publish(parts: ServerParts, { request, method }: Call, topic: string) {
  if (method !== 'POST') throw notAllowed('POST');
  checkPublisher(request.headers, parts.secrets);
  const reception = { topic: topicResourceId(topic), now: parts.clock.now() };
  const events = parseEvents(await readBody(request), reception);
  try {
    parts.broker.publish(topic, events, productOf(request));
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem;
    throw new EventGridError(400, 'BadRequest', 'An event is nested too deeply to be passed on.');
  }
  return { status: 200 };
}

function listSubscriptions({ broker }: ServerParts, { method }: Call, topic: string): Answer {
  if (method !== 'GET') throw notAllowed('GET');
  return { status: 200, body: { value: broker.list(topic).map(subscriptionView) } };
}

async function subscription(
  { broker }: ServerParts,
  { request, method }: Call,
  { topic, name }: { readonly topic: string; readonly name: string },
): Promise<Answer> {
  switch (method) {
    case 'PUT': {
      const wanted = parseSubscription(topic, name, parseJson(await readBody(request)));
      const done = await broker.subscribe(wanted);
      return { status: done === 'created' ? 201 : 200, body: subscriptionView(wanted) };
    }
    case 'GET': {
      const found = broker.find(topic, name);
      if (found === undefined) throw notFound(`subscription ${name} of topic ${topic}`);
      return { status: 200, body: subscriptionView(found) };
    }
    case 'DELETE':
      return { status: (await broker.unsubscribe(topic, name)) ? 200 : 204 };
    default:
      throw notAllowed('GET, PUT, DELETE');
  }
}

/** Product token of the User-Agent: the part before '/'. */
function productOf(request: IncomingMessage): string {
  return request.headers['user-agent']?.split(/[/\s]/, 1)[0] || 'unknown';
}

function countCall(request: IncomingMessage, calls: Map<string, number>): void {
  const product = productOf(request);
  calls.set(product, (calls.get(product) ?? 0) + 1);
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maximumBodyBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.once('end', () => {
      if (bytes <= maximumBodyBytes) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(tooLarge(bytes));
    });
    request.once('error', reject);
  });
}

function tooLarge(bytes: number): EventGridError {
  return new EventGridError(
    413,
    'PayloadTooLarge',
    `The request has ${bytes} bytes, more than the ${maximumBodyBytes} allowed: send fewer events at a time.`,
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new EventGridError(400, 'InvalidRequest', 'The body is not valid JSON.');
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new EventGridError(400, 'BadRequest', 'The path has a broken percent escape.');
  }
}

function notFound(what: string): EventGridError {
  return new EventGridError(404, 'ResourceNotFound', `Not found: ${what}.`);
}

function notAllowed(allowed: string): EventGridError {
  return new EventGridError(405, 'MethodNotAllowed', `This address answers ${allowed} only.`);
}

function respond(response: ServerResponse, { status, body }: Answer): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function respondProblem(response: ServerResponse, problem: unknown): void {
  const known =
    problem instanceof EventGridError
      ? problem
      : new EventGridError(500, 'InternalServerError', 'The event grid stand-in failed.');
  const text = errorBody(known);
  response.writeHead(known.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
