import type { IncomingHttpHeaders } from 'node:http';

/** A request that has been read to its end. */
export interface HostRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The key that the caller offers, in the header or the query string, as on Azure. */
export function offeredKey({ headers, url }: HostRequest): string | undefined {
  const header = headers['x-functions-key'];
  return typeof header === 'string' ? header : (url.searchParams.get('code') ?? undefined);
}

/** First value of a header that should come once. */
export function headerOf({ headers }: HostRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
