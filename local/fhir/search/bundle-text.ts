import { randomUUID } from 'node:crypto';

export interface BundleLink {
  readonly relation: 'self' | 'next';
  readonly url: string;
}

/**
 * Writes a searchset or history Bundle from entry texts. Stored resource text
 * goes in as it is, so that nothing is parsed or serialised again.
 */
export function bundleText(
  type: 'searchset' | 'history',
  parts: {
    readonly entries: readonly string[];
    readonly links: readonly BundleLink[];
    readonly total?: number | undefined;
  },
): string {
  const head = JSON.stringify({
    resourceType: 'Bundle',
    id: randomUUID(),
    meta: { lastUpdated: new Date().toISOString() },
    type,
    ...(parts.total === undefined ? {} : { total: parts.total }),
    link: parts.links,
  });
  if (parts.entries.length === 0) return head;
  return `${head.slice(0, -1)},"entry":[${parts.entries.join(',')}]}`;
}

/** A continuation token, opaque to clients. */
export function continuationToken(key: string, position: number | bigint): string {
  return Buffer.from(`{"${key}":${position}}`).toString('base64url');
}

/** The number at `key` of a token that `continuationToken` made; undefined for any other text. */
export function continuationNumber(token: string | undefined, key: string): bigint | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString();
  const match = new RegExp(`^\\{"${key}":(-?\\d{1,19})\\}$`).exec(text);
  return match?.[1] === undefined ? undefined : BigInt(match[1]);
}

/** The URL of the same search with the parameter `ct` set, or with none. */
export function pageUrl(base: string, query: URLSearchParams, token: string | undefined): string {
  const next = new URLSearchParams(query);
  next.delete('ct');
  if (token !== undefined) next.set('ct', token);
  const text = next.toString();
  return text === '' ? base : `${base}?${text}`;
}
