import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { HttpOptions, HttpRequest, HttpRetry, HttpSend } from './contract.ts';
import { originSet, placeOf } from './place.ts';
import { judge, pauseSeconds } from './retry-decision.ts';

const defaultRetry: HttpRetry = { attempts: 3, maxWaitSeconds: 2 };
const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/**
 * The one way out of this product over HTTP: allowed origins only, bearer token and User-Agent
 * set, bounded time and size, no redirects, and the only retry of transport hiccups (few, short;
 * anything longer is the orchestration's business). Connections are kept alive by the runtime.
 *
 * @throws AppError CONFIG_INVALID when an allowed origin is not an absolute URL.
 */
export function createHttp(options: HttpOptions): HttpSend {
  const allowed = originSet(options.allowedOrigins);
  const retry = options.retry ?? defaultRetry;

  return async (request) => {
    const place = placeOf(request.method, request.url, allowed);
    const idempotent = request.idempotent ?? idempotentMethods.has(request.method.toUpperCase());
    let waitedSeconds = 0;
    for (let tries = 1; ; tries += 1) {
      const token = await options.token?.();
      const headers = headersFor({ request, userAgent: options.userAgent, token, place });
      const result = await attempt(request, headers, place);
      const verdict = judge(result, idempotent);
      if (verdict.kind === 'final') {
        return verdict.response;
      }
      const pause = pauseSeconds(tries, verdict.retryAfterSeconds);
      const spent = tries >= retry.attempts || waitedSeconds + pause > retry.maxWaitSeconds;
      if (spent || !verdict.repeatable) {
        throw failure(result, place, verdict.retryAfterSeconds);
      }
      await sleep(pause * 1000);
      waitedSeconds += pause;
    }
  };
}

interface HeaderParts {
  readonly request: HttpRequest;
  readonly userAgent: string;
  readonly token: string | undefined;
  readonly place: string;
}

function headersFor({ request, userAgent, token, place }: HeaderParts): Headers {
  try {
    const headers = new Headers(request.headers);
    headers.set('user-agent', userAgent);
    if (token !== undefined) {
      headers.set('authorization', `Bearer ${token}`);
    }
    return headers;
  } catch {
    // The runtime's message quotes the value, which may be the token: it is dropped.
    throw new AppError('INTERNAL', `${place}: a request header is malformed`);
  }
}

function failure(result: Attempt, place: string, retryAfterSeconds: number | undefined): AppError {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (result.kind === 'broken') {
    return new AppError('REQUEST_FAILED', `${place} could not be reached (${result.reason})`, {
      details: { reason: result.reason },
    });
  }
  const { status } = result.response;
  if (status === 429) {
    const message = `${place} is throttling requests; send fewer or wait`;
    return new AppError('REQUEST_THROTTLED', message, { details: { status }, ...wait });
  }
  const message = `${place} is not available (status ${status})`;
  return new AppError('REQUEST_FAILED', message, { details: { status }, ...wait });
}
