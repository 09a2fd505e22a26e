import { entityRoute } from './management-entities.ts';
import { deleteInstance, getInstance } from './management-instance.ts';
import { listInstances, purgeInstances } from './management-list.ts';
import { empty, problem } from './management-reply.ts';
import { startOrchestration } from './management-start.ts';
import { postToInstance } from './management-verbs.ts';
import type { Runtime } from './runtime.ts';
import type { DurableEngineOptions } from './worker.ts';

/** One call of the management API, its path already split and decoded. */
export interface ManagementCall {
  readonly runtime: Runtime;
  readonly options: DurableEngineOptions;
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly path: readonly string[];
  /** Path below the API's root and query, as they came. */
  readonly asked: string;
}

const prefix = /^\/(?:runtime\/webhooks\/)?durabletask(?=\/|$)/;

function segments(pathname: string): readonly string[] {
  return pathname
    .replace(prefix, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
}

function allowed({ options, request, query }: ManagementCall): boolean {
  const key = options.systemKey;
  return (
    key === undefined || query.get('code') === key || request.headers.get('x-functions-key') === key
  );
}

async function route(call: ManagementCall): Promise<Response> {
  const [collection, id, ...rest] = call.path;
  const { method } = call.request;
  if (collection === 'orchestrators' && method === 'POST' && id !== undefined)
    return startOrchestration(call);
  if (collection === 'entities') return entityRoute(call);
  if (collection !== 'instances') return empty(404);
  if (id === undefined) {
    if (method === 'GET') return listInstances(call);
    return method === 'DELETE' ? purgeInstances(call) : empty(404);
  }
  if (method === 'POST' && rest[0] !== undefined) return postToInstance(call, id, rest);
  if (rest.length > 0) return empty(404);
  if (method === 'GET') return getInstance(call, id);
  return method === 'DELETE' ? deleteInstance(call, id) : empty(404);
}

/** Answers the standard management API (facts durable-host 1.6; codes and bodies from the conformance recordings). */
export async function handleManagement(
  runtime: Runtime,
  options: DurableEngineOptions,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  let path: readonly string[];
  try {
    path = segments(url.pathname);
  } catch {
    return problem(400, 'The path holds a broken percent-encoding.');
  }
  const asked = `${url.pathname.replace(prefix, '')}${url.search}`;
  const call = { runtime, options, request, query: url.searchParams, path, asked };
  if (!allowed(call)) return problem(401, 'Pass the system key as ?code= or x-functions-key.');
  return route(call);
}
