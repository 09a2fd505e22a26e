import { AppError } from '../errors.ts';
import type { HttpRequest, HttpResponse } from './contract.ts';

/** What every answer has, whether its body was read or not. */
export type Answer = Pick<HttpResponse, 'status' | 'headers'>;

/** One try: an answer of any status, or the reason there was none. */
export type Attempt<Kind extends Answer = HttpResponse> =
  | { readonly kind: 'answered'; readonly response: Kind }
  | { readonly kind: 'broken'; readonly reason: string; readonly sent: boolean };

const defaultTimeoutMs = 100_000;
const defaultMaxResponseBytes = 64 * 1024 * 1024;

/** Failures before a connection stood: the server cannot have seen the request. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Sends once and reads the whole answer, within the time and size bounds. Redirects come back as answers. */
export async function attempt(
  request: HttpRequest,
  headers: Headers,
  place: string,
): Promise<Attempt> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const text = await boundedText(response, request.maxResponseBytes ?? defaultMaxResponseBytes);
    if (text === undefined) {
      throw new AppError('RESPONSE_UNREADABLE', `${place} answered more than the size allowed`, {
        details: { status: response.status },
      });
    }
    return {
      kind: 'answered',
      response: { status: response.status, headers: response.headers, text },
    };
  } catch (error) {
    if (error instanceof AppError) {
      throw error;
    }
    return broken(error);
  }
}

/** The try that gave no answer. */
export function broken(error: unknown): Attempt<never> {
  const reason = reasonOf(error);
  return { kind: 'broken', reason, sent: !neverSent.has(reason) };
}

/** True for the failure of a request that the server cannot have seen. */
export function wasNeverSent(error: unknown): boolean {
  const reason = error instanceof AppError ? error.details['reason'] : undefined;
  return typeof reason === 'string' && neverSent.has(reason);
}

async function boundedText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (response.body === null) {
    return '';
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      return undefined; // leaving the loop cancels the stream, which drops the connection
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks, size));
}

/**
 * The code of a network error and nothing else: messages and fields of a parser error can hold
 * bytes of the answer, so the error itself is not kept as a cause.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'UNKNOWN';
  }
  if (error.name === 'TimeoutError') {
    return 'TIMEOUT';
  }
  if ('code' in error && typeof error.code === 'string' && /^[A-Z0-9_]+$/.test(error.code)) {
    return error.code;
  }
  return error.cause === undefined ? 'UNKNOWN' : reasonOf(error.cause);
}
