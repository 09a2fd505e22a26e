import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isResourceType } from '../fhir/index.ts';
import type { HttpSend } from '../http/index.ts';
import { baseUrl, belowBase } from './base-url.ts';
import { type BundleParts, takeBundleApart } from './bundle-parts.ts';
import type { SearchExport, SearchExportPage, SearchExportRequest } from './contract.ts';
import { refusal } from './job-call.ts';
import { readSearchPage } from './search-page.ts';

export interface SearchExportOptions {
  /** Base URL of the FHIR service. */
  readonly url: string;
  readonly send: HttpSend;
}

const defaultPageSize = 1000;

/** Where a run is: the type under way, and the link to its next page. */
const cursorSchema = z.object({ type: z.number().int().nonnegative(), url: z.string().optional() });
type Cursor = z.infer<typeof cursorSchema>;

/** @throws AppError CONFIG_INVALID when the URL is no http(s) base URL. */
export function createSearchExport({ url, send }: SearchExportOptions): SearchExport {
  const base = baseUrl(url);

  async function page(request: SearchExportRequest, cursor?: string): Promise<SearchExportPage> {
    const at = readCursor(cursor);
    const target = at.url ?? firstPage(base, request, at.type);
    if (belowBase(base, target) === undefined) {
      throw new AppError('URL_NOT_ALLOWED', 'a next link leads away from the FHIR service');
    }
    const bundle = await readBundle(send, target);
    const next = nextCursor(base, request, at, { bundle, target });
    return {
      ...readSearchPage(bundle, request),
      ...(next === undefined ? {} : { next: JSON.stringify(next) }),
    };
  }

  return {
    page,
    async *pages(request, cursor) {
      for (let at = cursor, last = false; !last; ) {
        const read = await page(request, at);
        yield read;
        at = read.next;
        last = at === undefined;
      }
    },
  };
}

function readCursor(text: string | undefined): Cursor {
  if (text === undefined) {
    return { type: 0 };
  }
  try {
    return cursorSchema.parse(JSON.parse(text));
  } catch {
    throw new AppError('INPUT_INVALID', 'the cursor of a search export is not one that it gave');
  }
}

async function readBundle(send: HttpSend, url: string): Promise<BundleParts> {
  const what = 'reading a page of resources';
  const headers = { accept: 'application/fhir+json', prefer: 'handling=strict' };
  const { status, headers: sent, text } = await send({ method: 'GET', url, headers });
  if (status !== 200) {
    throw refusal({ status, headers: sent, json: undefined }, what);
  }
  const bundle = takeBundleApart(Buffer.from(text));
  if (bundle === undefined) {
    throw new AppError('RESPONSE_UNREADABLE', `${what}: the answer is no Bundle`);
  }
  return bundle;
}

interface ReadPage {
  readonly bundle: BundleParts;
  readonly target: string;
}

function nextCursor(
  base: string,
  request: SearchExportRequest,
  at: Cursor,
  { bundle, target }: ReadPage,
): Cursor | undefined {
  if (bundle.next !== undefined) {
    const url = belowBase(base, bundle.next);
    if (url === undefined) {
      throw new AppError('URL_NOT_ALLOWED', 'a next link leads away from the FHIR service');
    }
    if (url === target) {
      throw new AppError('RESPONSE_UNREADABLE', 'a page of resources links to itself as the next');
    }
    return { type: at.type, url };
  }
  return at.type + 1 < request.types.length ? { type: at.type + 1 } : undefined;
}

function firstPage(base: string, request: SearchExportRequest, index: number): string {
  const { types, since, till, history, ids, pageSize = defaultPageSize } = request;
  const type = types[index];
  if (type === undefined ? index > 0 || !history : !isResourceType(type)) {
    const message = 'a search export needs resource types, all by name (history may have none)';
    throw new AppError('INPUT_INVALID', message);
  }
  const query = new URLSearchParams({ _count: String(pageSize) });
  if (history) {
    query.append('_since', since ?? '');
    return `${base}${type === undefined ? '' : `/${type}`}/_history?${present(query)}`;
  }
  query.append('_id', ids?.join(',') ?? '');
  query.append('_sort', '_lastUpdated');
  query.append('_lastUpdated', since === undefined ? '' : `ge${since}`);
  query.append('_lastUpdated', till === undefined ? '' : `lt${till}`);
  return `${base}/${type}?${present(query)}`;
}

function present(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([, value]) => value !== ''));
}
