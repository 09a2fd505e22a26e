import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type FhirResource, isFhirResource } from './resource.ts';
import { callFailure, type FhirTransport, unreadable } from './transport.ts';

export interface SearchQuery {
  readonly resourceType: string;
  readonly parameters: readonly (readonly [string, string])[];
  /** Pages read before the search is refused as too wide; unbounded when absent. */
  readonly maxPages?: number;
}

const searchset = z.object({
  resourceType: z.literal('Bundle'),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).optional(),
  entry: z
    .array(
      z.object({
        resource: z.custom<FhirResource>(isFhirResource),
        search: z.object({ mode: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

/**
 * Every match (and every include) of a search, page after page. Never ends early in silence: a
 * caller that has seen the end has seen everything. `handling=strict` makes the service refuse
 * parameters that it would otherwise ignore (FHIR R4 3.1.1.1), which would widen the search.
 *
 * @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED (also: more than `maxPages`), RESPONSE_UNREADABLE,
 * URL_NOT_ALLOWED when a next link leads off the FHIR service.
 */
export async function* searchAll(
  transport: FhirTransport,
  query: SearchQuery,
): AsyncGenerator<FhirResource, void, undefined> {
  const visited = new Set<string>();
  let url: string | undefined = firstPage(transport.base, query);
  while (url !== undefined) {
    if (visited.size >= (query.maxPages ?? Number.POSITIVE_INFINITY)) {
      throw new AppError(
        'FHIR_REFUSED',
        `the search for ${query.resourceType} has more than ${query.maxPages} pages; narrow it or raise the limit`,
      );
    }
    if (visited.has(url)) {
      throw unreadable(`a search for ${query.resourceType} with a next link to an earlier page`);
    }
    visited.add(url);
    const page = await readPage(transport, url, query.resourceType);
    yield* page.resources;
    url = page.next === undefined ? undefined : sameService(transport.base, page.next);
  }
}

/** One page of a search, and the link to the next one. */
export interface SearchPage {
  readonly resources: readonly FhirResource[];
  readonly next?: string;
}

/**
 * One page of a search: the first, or the one that a link of an earlier page leads
 * to. For work that goes on in another process.
 * @throws as `searchAll`
 */
export async function searchPage(
  transport: FhirTransport,
  query: SearchQuery,
  link?: string,
): Promise<SearchPage> {
  const url =
    link === undefined ? firstPage(transport.base, query) : sameService(transport.base, link);
  const { resources, next } = await readPage(transport, url, query.resourceType);
  if (next === undefined) return { resources };
  const following = sameService(transport.base, next);
  if (following === url) {
    throw unreadable(`a search for ${query.resourceType} with a next link to the same page`);
  }
  return { resources, next: following };
}

interface Page {
  readonly resources: readonly FhirResource[];
  readonly next: string | undefined;
}

async function readPage(
  transport: FhirTransport,
  url: string,
  resourceType: string,
): Promise<Page> {
  const { status, body } = await transport.call({
    method: 'GET',
    path: url,
    headers: { prefer: 'handling=strict' },
  });
  if (status !== 200) {
    throw callFailure(status, `a search for ${resourceType}`);
  }
  const parsed = searchset.safeParse(body);
  if (!parsed.success) {
    throw unreadable(`a search for ${resourceType} with something that is not a searchset Bundle`);
  }
  const { entry = [], link = [] } = parsed.data;
  return {
    resources: entry
      .filter(({ search }) => search?.mode !== 'outcome')
      .map(({ resource }) => resource),
    next: link.find(({ relation }) => relation === 'next')?.url,
  };
}

function firstPage(base: string, query: SearchQuery): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of query.parameters) {
    parameters.append(name, value);
  }
  return `${base}/${query.resourceType}${parameters.size === 0 ? '' : `?${parameters}`}`;
}

/** The bearer token goes with every request, so a link must stay below the base that it is for. */
function sameService(base: string, link: string): string {
  const target = URL.canParse(link, `${base}/`) ? new URL(link, `${base}/`) : undefined;
  const { origin, pathname } = new URL(`${base}/`);
  const isBelow =
    target?.origin === origin && `${target.pathname}/`.startsWith(pathname) && !target.username;
  if (target === undefined || !isBelow) {
    throw new AppError('URL_NOT_ALLOWED', 'a next link leads away from the FHIR service');
  }
  return target.href;
}
