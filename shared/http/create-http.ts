import { attempt } from './attempt.ts';
import { createCaller } from './caller.ts';
import type { HttpOptions, HttpSend } from './contract.ts';

/**
 * The one way out of this product over HTTP: allowed origins only, bearer token and User-Agent
 * set, bounded time and size, no redirects, and the only retry of transport hiccups (few, short;
 * anything longer is the orchestration's business). Connections are kept alive by the runtime.
 *
 * @throws AppError CONFIG_INVALID when an allowed origin is not an absolute URL.
 */
export function createHttp(options: HttpOptions): HttpSend {
  const call = createCaller(options);
  return (request) => call(request, (headers, place) => attempt(request, headers, place));
}
