import { isAllowed } from '../events/webhook-sender.ts';
import { isJsonObject, type JsonObject } from '../payload.ts';

export interface ExternalRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly body?: JsonObject;
  readonly timeoutMs: number;
}

/** What the service behind a virtual table said, or that it did not. */
export type ExternalAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: JsonObject }
  | { readonly kind: 'failed'; readonly reason: string };

const mostBytes = 32 * 1024 * 1024;

/** Asks the service; only loopback addresses and the origins given are called. */
export async function askSource(
  request: ExternalRequest,
  origins: readonly string[],
): Promise<ExternalAnswer> {
  if (!isAllowed(request.url, origins)) {
    return { kind: 'failed', reason: 'its address is neither loopback nor a --webhook-origin' };
  }
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    const text = await response.text();
    if (text.length > mostBytes) {
      return { kind: 'failed', reason: 'its answer is over 32 MB' };
    }
    const body: unknown = text === '' ? {} : JSON.parse(text);
    return { kind: 'answer', status: response.status, body: isJsonObject(body) ? body : {} };
  } catch {
    return { kind: 'failed', reason: 'it did not answer with JSON in time' };
  }
}
