import { badRequest } from '../outcome.ts';

export interface Target {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/** Splits a request target, relative or below the own base, into decoded path segments and query. */
export function parseTarget(url: string, baseUrl: string): Target {
  const relative = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length) : url;
  const mark = relative.indexOf('?');
  const path = mark < 0 ? relative : relative.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : relative.slice(mark + 1));
  return { path: path.split('/').filter(Boolean).map(decodeSegment), query };
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('The URL has a broken percent escape.');
  }
}
