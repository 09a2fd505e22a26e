import type { FunctionCatalog } from '../app/function-catalog.ts';
import type { DurableEngine } from '../engine/index.ts';
import { createEventGridEndpoint } from '../event-grid/event-grid-endpoint.ts';
import type { Invoker } from '../invocation/invoker.ts';
import type { Listeners } from '../listeners.ts';
import type { HostJson } from '../settings/host-json.ts';
import type { HostKeys } from '../settings/keys.ts';
import { createAdminEndpoint } from './admin-endpoint.ts';
import { CallCount, createControlEndpoint } from './control-endpoint.ts';
import { createHttpFunctions } from './http-functions.ts';
import type { HttpRoute } from './http-router.ts';
import { manageDurable } from './manage-durable.ts';
import { problemReply, type Reply } from './reply.ts';
import type { HostRequest } from './request.ts';

export interface DispatcherOptions {
  readonly catalog: FunctionCatalog;
  readonly routes: readonly HttpRoute[];
  readonly hostJson: HostJson;
  readonly invoker: Invoker;
  readonly keys: HostKeys;
  readonly openFunctions: boolean;
  readonly engine: DurableEngine;
  readonly listeners: Listeners;
}

const webhooks = '/runtime/webhooks/';
const noWebhook = problemReply(
  404,
  'Not found',
  'No extension of this host has that webhook: there are eventgrid and durabletask.',
);
const closing = problemReply(503, 'Closing', 'The host is shutting down: send this again later.');

/** Sends each request to the part of the host that its path belongs to. */
export function createDispatcher(options: DispatcherOptions) {
  const { catalog, routes, hostJson, invoker, keys, openFunctions, engine, listeners } = options;
  const { routePrefix } = hostJson;
  const calls = new CallCount();
  const control = createControlEndpoint({
    running: invoker.running,
    engine: () => engine.status(),
    queuesIdle: () => listeners.queuesIdle(),
    calls,
  });
  const eventGrid = createEventGridEndpoint({ catalog, invoker, systemKey: keys.system });
  const admin = createAdminEndpoint({
    catalog,
    routes,
    routePrefix,
    invoker,
    keys,
    runTimer: (name) => listeners.runTimer(name),
  });
  const functions = createHttpFunctions({ routes, routePrefix, keys, openFunctions, invoker });
  let phase: 'open' | 'draining' | 'closed' = 'open';

  async function handle(request: HostRequest): Promise<Reply> {
    const path = request.url.pathname.toLowerCase();
    if (phase === 'closed') return closing;
    if (path.startsWith('/_control/')) return control(request);
    calls.add(request.headers['user-agent']);
    // Functions that are finishing may still need the durable client.
    if (path.startsWith(`${webhooks}durabletask`)) return manageDurable(engine, request);
    return phase === 'draining' ? closing : begin(path, request);
  }

  async function begin(path: string, request: HostRequest): Promise<Reply> {
    if (path === `${webhooks}eventgrid`) return eventGrid(request);
    if (path.startsWith(webhooks)) return noWebhook;
    if (path === '/admin' || path.startsWith('/admin/')) return admin(request);
    return (await functions(request)) ?? elsewhere(path, routePrefix);
  }

  return {
    handle,
    /** Lets functions that are running reach the durable client, and nothing else in. */
    refuseNewWork() {
      phase = 'draining';
    },
    refuseAll() {
      phase = 'closed';
    },
  };
}

function elsewhere(path: string, routePrefix: string): Reply {
  return path === '/'
    ? {
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: 'The function app is running.\n',
      }
    : problemReply(404, 'Not found', `Functions are below /${routePrefix}.`);
}
