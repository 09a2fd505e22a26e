import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { HttpRequest, HttpResponse, HttpSend, LoadLimiter } from '../http/index.ts';
import { encodeBatch } from './batch-request.ts';
import { parseBatch } from './batch-response.ts';
import { readError } from './error-answer.ts';
import type { InnerRequest, InnerResponse } from './inner-http.ts';

import { isTransient } from './operation-result.ts';

/**
 * Sends some requests in one call and gives their responses in the same order. A signal that is
 * aborted while the call waits for its turn makes it throw the signal's reason.
 */
export type BatchSender = (
  requests: readonly InnerRequest[],
  signal?: AbortSignal,
) => Promise<readonly InnerResponse[]>;

export interface SenderOptions {
  /** The Web API root, `https://…/api/data/v9.2`. */
  readonly url: string;
  readonly send: HttpSend;
  readonly limiter: LoadLimiter;
}

const protocolHeaders = {
  Accept: 'application/json',
  'OData-Version': '4.0',
  'OData-MaxVersion': '4.0',
};

/**
 * A write that goes alone is sent as it is. Queries always travel inside a `$batch`: their filters
 * may hold clinical values, which belong in no URL that a proxy or server logs, and may be longer
 * than a URL can be.
 *
 * Everything is declared idempotent to the transport: every write is conditional, so the second
 * sight of one changes nothing (see `DataverseClient.execute`).
 */
export function batchSender({ url, send, limiter }: SenderOptions): BatchSender {
  const { origin } = new URL(url);

  async function timed(
    request: HttpRequest,
    inner: readonly InnerRequest[],
  ): Promise<HttpResponse> {
    const load = { kind: kindOf(inner), operations: inner.length };
    const start = performance.now();
    try {
      const response = await send({ ...request, idempotent: true });
      const milliseconds = performance.now() - start;
      limiter.observe({ ...load, milliseconds, ...parallelismHint(response.headers) });
      return response;
    } catch (error) {
      throw unavailable(error, limiter);
    }
  }

  async function sendAlone(request: InnerRequest): Promise<readonly InnerResponse[]> {
    const headers = { ...protocolHeaders, ...request.headers };
    const body = request.body === undefined ? {} : { body: request.body };
    const message = { method: request.method, url: `${origin}${request.path}`, headers, ...body };
    return [await timed(message, [request])];
  }

  async function sendBatch(requests: readonly InnerRequest[]): Promise<readonly InnerResponse[]> {
    const boundary = `batch_${randomUUID()}`;
    const headers = {
      ...protocolHeaders,
      'If-None-Match': 'null',
      'Content-Type': `multipart/mixed; boundary=${boundary}`,
      Prefer: 'odata.continue-on-error',
    };
    const body = encodeBatch(requests, boundary);
    const message = { method: 'POST', url: `${url}/$batch`, headers, body };
    const response = await timed(message, requests);
    if (response.status !== 200) {
      throw refusedBatch(response);
    }
    const contentType = response.headers.get('content-type') ?? '';
    const responses = parseBatch(contentType, response.text, requests.length);
    if (responses.some((part) => part.status === 429)) {
      limiter.throttled();
    }
    return responses;
  }

  return (requests, signal) => {
    const [only] = requests;
    const alone = requests.length === 1 && only?.method !== 'GET' ? only : undefined;
    return limiter.run(async () => {
      signal?.throwIfAborted();
      return await (alone === undefined ? sendBatch(requests) : sendAlone(alone));
    });
  };
}

function kindOf(requests: readonly InnerRequest[]): string {
  return [...new Set(requests.map((request) => request.method))].sort().join();
}

function parallelismHint(headers: Headers): { readonly parallelismHint?: number } {
  const hint = Number(headers.get('x-ms-dop-hint') ?? 0);
  return Number.isInteger(hint) && hint > 0 ? { parallelismHint: hint } : {};
}

function unavailable(error: unknown, limiter: LoadLimiter): unknown {
  if (!(error instanceof AppError)) {
    return error;
  }
  if (error.code === 'REQUEST_THROTTLED') {
    limiter.throttled();
  } else if (error.code !== 'REQUEST_FAILED') {
    return error;
  }
  const { retryAfterSeconds, details } = error;
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const reason = error.code === 'REQUEST_THROTTLED' ? 'is throttling us' : 'cannot be reached';
  return new AppError('DATAVERSE_UNAVAILABLE', `Dataverse ${reason}`, {
    details,
    cause: error,
    ...wait,
  });
}

function refusedBatch(response: HttpResponse): AppError {
  const { status } = response;
  const { code } = readError(response);
  const message = `Dataverse refused a whole batch (status ${status})`;
  return new AppError(
    isTransient(status) ? 'DATAVERSE_UNAVAILABLE' : 'DATAVERSE_REFUSED',
    message,
    {
      details: { status, code },
    },
  );
}
