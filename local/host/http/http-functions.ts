import type { Invoker } from '../invocation/invoker.ts';
import { type HostKeys, sameKey } from '../settings/keys.ts';
import { replyFrom, toHttpData } from './http-conversion.ts';
import { type AuthLevel, type HttpRoute, matchRoute } from './http-router.ts';
import { emptyReply, problemReply, type Reply } from './reply.ts';
import { type HostRequest, headerOf, offeredKey } from './request.ts';

export interface HttpFunctionsOptions {
  readonly routes: readonly HttpRoute[];
  /** Without slashes at its ends; may be empty. */
  readonly routePrefix: string;
  readonly keys: HostKeys;
  /** True asks no key of function-level callers, as `func start` does. */
  readonly openFunctions: boolean;
  readonly invoker: Invoker;
}

/** Answers requests to the app's own HTTP functions; undefined when the path is not below the prefix. */
export function createHttpFunctions(options: HttpFunctionsOptions) {
  const { routes, routePrefix, keys, openFunctions, invoker } = options;
  const prefix = routePrefix === '' ? '/' : `/${routePrefix.toLowerCase()}/`;

  return async (request: HostRequest): Promise<Reply | undefined> => {
    const path = `${request.url.pathname.replace(/\/+$/, '')}/`;
    if (!path.toLowerCase().startsWith(prefix)) return undefined;
    const tail = path.slice(prefix.length, -1);
    const match = matchRoute(routes, tail, request.method);
    switch (match.kind) {
      case 'no route':
        return problemReply(
          404,
          'Not found',
          'No function has a route for this path: see GET /admin/functions.',
        );
      case 'wrong method':
        // Azure answers 404, not 405.
        return problemReply(404, 'Not found', `This route takes ${match.allowed.join(', ')} only.`);
      case 'found':
        if (!mayCall(match.route.authLevel, request)) return unauthorized(match.route.authLevel);
        return call(match.route, request, match.params);
    }
  };

  function mayCall(level: AuthLevel, request: HostRequest): boolean {
    if (level === 'anonymous' || (level === 'function' && openFunctions)) return true;
    const offered = offeredKey(request);
    if (offered === undefined) return false;
    return (
      sameKey(offered, keys.master) || (level === 'function' && sameKey(offered, keys.function))
    );
  }

  async function call(
    { target }: HttpRoute,
    request: HostRequest,
    params: Readonly<Record<string, string>>,
  ): Promise<Reply> {
    try {
      const response = await invoker.invoke({
        target,
        data: { http: toHttpData(request, params) },
        traceParent: headerOf(request, 'traceparent'),
      });
      return replyFrom(response.returnValue);
    } catch {
      // Logged by the invoker; Azure tells the caller nothing more.
      return emptyReply(500);
    }
  }
}

function unauthorized(level: AuthLevel): Reply {
  const key = level === 'admin' ? 'master' : 'function or master';
  return problemReply(
    401,
    'Unauthorized',
    `This function needs the ${key} key as ?code= or x-functions-key.`,
  );
}
