import { z } from 'zod';
import type { AppFunction, FunctionCatalog } from '../app/function-catalog.ts';
import { hostVersion } from '../app/functions-core.ts';
import type { Invocation, Invoker } from '../invocation/invoker.ts';
import { type HostKeys, sameKey } from '../settings/keys.ts';
import type { HttpRoute } from './http-router.ts';
import { emptyReply, jsonReply, problemReply, type Reply } from './reply.ts';
import { type HostRequest, offeredKey } from './request.ts';

export interface AdminEndpointOptions {
  readonly catalog: FunctionCatalog;
  readonly routes: readonly HttpRoute[];
  readonly routePrefix: string;
  readonly invoker: Invoker;
  readonly keys: HostKeys;
  /** Runs a timer function with its own schedule status; undefined when the function has no timer. */
  readonly runTimer: (name: string) => Promise<void> | undefined;
}

const inputSchema = z.looseObject({ input: z.unknown().optional() });

/** The host's own `/admin` paths, as on Azure; all but status and ping need the master key. */
export function createAdminEndpoint(options: AdminEndpointOptions) {
  const { keys } = options;

  return (request: HostRequest): Reply => {
    const path = request.url.pathname.toLowerCase().replace(/\/+$/, '');
    if (path === '/admin/host/ping') return emptyReply(200);
    if (path === '/admin/host/status') return jsonReply(200, hostStatus());
    const offered = offeredKey(request);
    if (offered === undefined || !sameKey(offered, keys.master)) {
      return problemReply(
        401,
        'Unauthorized',
        'Paths below /admin need the master key as ?code= or x-functions-key.',
      );
    }
    return manage(path, request, options);
  };
}

function manage(path: string, request: HostRequest, options: AdminEndpointOptions): Reply {
  const { catalog } = options;
  const { method, url } = request;
  if (path === '/admin/functions' && method === 'GET') {
    return jsonReply(
      200,
      catalog.all.map((target) => describe(target, options, url.origin)),
    );
  }
  const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1];
  const target = name === undefined ? undefined : catalog.find(name);
  if (target === undefined) {
    return problemReply(404, 'Not found', 'There is no such function: see GET /admin/functions.');
  }
  if (method === 'GET') return jsonReply(200, describe(target, options, url.origin));
  if (method === 'POST') return runManually(target, request, options);
  return problemReply(405, 'Method not allowed', 'Use GET to see a function and POST to run it.');
}

function hostStatus() {
  return {
    id: 'local',
    state: 'Running',
    version: hostVersion,
    versionDetails: hostVersion,
    processUptime: Math.round(process.uptime() * 1_000),
  };
}

function describe(
  target: AppFunction,
  { routes, routePrefix }: AdminEndpointOptions,
  origin: string,
) {
  const route = routes.find((each) => each.target === target)?.route;
  const path = [routePrefix, route].filter(Boolean).join('/');
  return {
    name: target.name,
    invoke_url_template: route === undefined ? '' : `${origin}/${path}`,
    language: 'node',
    isDisabled: target.disabled,
    config: {
      name: target.name,
      bindings: Object.entries(target.metadata.bindings).map(([name, binding]) => ({
        ...binding,
        name,
      })),
    },
  };
}

/** Answers at once; the run goes on in the background, as on Azure. */
function runManually(
  target: AppFunction,
  request: HostRequest,
  options: AdminEndpointOptions,
): Reply {
  const input = inputOf(request.body);
  if (input.kind === 'malformed') {
    return problemReply(
      400,
      'Bad input',
      'Send a JSON object such as {"input": "text"} with content type application/json.',
    );
  }
  const timerRun = target.kind === 'timer' ? options.runTimer(target.name) : undefined;
  if (timerRun !== undefined) return emptyReply(202);
  const invocation = manualInvocation(target, input.value);
  if (invocation === undefined) {
    return problemReply(
      400,
      'Not runnable by hand',
      `Function "${target.name}" has a ${target.trigger.type}: only timer, queue and Event Grid functions are run from here.`,
    );
  }
  // The invoker logs a failure; nobody waits for it.
  options.invoker.invoke(invocation).catch(() => undefined);
  return emptyReply(202);
}

function inputOf(
  body: Buffer,
): { readonly kind: 'input'; readonly value: unknown } | { readonly kind: 'malformed' } {
  if (body.length === 0) return { kind: 'input', value: undefined };
  try {
    const parsed = inputSchema.safeParse(JSON.parse(body.toString('utf8')));
    return parsed.success ? { kind: 'input', value: parsed.data.input } : { kind: 'malformed' };
  } catch {
    return { kind: 'malformed' };
  }
}

function manualInvocation(target: AppFunction, input: unknown): Invocation | undefined {
  const text = typeof input === 'string' ? input : JSON.stringify(input ?? '');
  return target.kind === 'queue' || target.kind === 'eventGrid'
    ? { target, data: { string: text } }
    : undefined;
}
