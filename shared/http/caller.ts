import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Answer, Attempt } from './attempt.ts';
import type { HttpOptions, HttpRequest, HttpRetry } from './contract.ts';
import { originSet, placeOf } from './place.ts';
import { judge, pauseSeconds } from './retry-decision.ts';

const defaultRetry: HttpRetry = { attempts: 3, maxWaitSeconds: 2 };
const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

/** Makes one try, with the headers that the rules below gave. */
export type Try<Kind extends Answer> = (headers: Headers, place: string) => Promise<Attempt<Kind>>;

/** Calls until an answer counts, or throws what `HttpSend` says. */
export type Caller = <Kind extends Answer>(request: HttpRequest, once: Try<Kind>) => Promise<Kind>;

/**
 * The rules that every call obeys, whatever becomes of its body: allowed origins, token,
 * User-Agent, and the retry of transport hiccups.
 *
 * @throws AppError CONFIG_INVALID when an allowed origin is not an absolute URL.
 */
export function createCaller(options: HttpOptions): Caller {
  const allowed = originSet(options.allowedOrigins);
  const retry = options.retry ?? defaultRetry;

  return async (request, once) => {
    const place = placeOf(request.method, request.url, allowed);
    const idempotent = request.idempotent ?? idempotentMethods.has(request.method.toUpperCase());
    let waitedSeconds = 0;
    for (let tries = 1; ; tries += 1) {
      const token = await options.token?.();
      const headers = headersFor({ request, userAgent: options.userAgent, token, place });
      const result = await once(headers, place);
      if (result.kind === 'answered' && request.anyStatus === true) {
        return result.response;
      }
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

function failure(
  result: Attempt<Answer>,
  place: string,
  retryAfterSeconds: number | undefined,
): AppError {
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
