import { z } from 'zod';
import { callFailure } from '../fhir/index.ts';
import type { HttpResponse } from '../http/index.ts';
import { parseJson, unreadable } from './answer-text.ts';
import type { TimeRange } from './window.ts';

export interface IdRequest extends TimeRange {
  readonly type: string;
  /** Ids of every version in the range, deletes included; else of the current resources in it. */
  readonly history: boolean;
}

/**
 * What is left of a resource: `found`, `gone` (a tombstone or old versions), or `none`, not even in
 * its history, as after a hard delete.
 */
export type Trace = 'found' | 'gone' | 'none';

/** What tells which resources one service has and the other does not. */
export interface IdSets {
  /** Logical ids in a range, page by page; an id may come more than once. */
  ids(request: IdRequest): AsyncIterable<readonly string[]>;
  /**
   * Asks twice for a resource that is not there, the second time for its history: a read may be
   * stale, and a page of a gateway is no answer of the service.
   * @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, and RESPONSE_UNREADABLE for a 404 that is no JSON
   */
  trace(reference: string): Promise<Trace>;
}

type Call = (method: string, path: string, body?: string) => Promise<HttpResponse>;

/** Versions come whole, of current resources only the id. */
const versionsOnPage = 100;
const idsOnPage = 1000;

const page = z.object({
  resourceType: z.literal('Bundle'),
  link: z.array(z.object({ relation: z.string(), url: z.string() })).optional(),
  entry: z
    .array(
      z.object({
        resource: z.object({ id: z.string().optional() }).optional(),
        request: z.object({ url: z.string() }).optional(),
        search: z.object({ mode: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});
type Entry = NonNullable<z.infer<typeof page>['entry']>[number];

/** A service without history of single resources cannot be asked for it. */
const lacking: readonly number[] = [400, 405, 501];

export function createIdSets(call: Call): IdSets {
  return {
    async *ids(request) {
      let next: string | undefined = firstPage(request);
      while (next !== undefined) {
        const answer: HttpResponse = await call('GET', next);
        const what = `listing ids of ${request.type}`;
        if (answer.status !== 200) throw callFailure(answer.status, what);
        const { entry = [], link = [] } = readPage(answer.text);
        yield entry.filter(({ search }) => search?.mode !== 'outcome').map(idOf);
        const following = link.find(({ relation }) => relation === 'next')?.url;
        if (following === next) throw unreadable('a page that links to itself as the next');
        next = following;
      }
    },
    async trace(reference) {
      const standing = await call('GET', reference);
      if (standing.status === 200) return 'found';
      if (standing.status === 410) return 'gone';
      requireMissing(standing, 'reading a resource');
      const history = await call('GET', `${reference}/_history?_count=1`);
      if (lacking.includes(history.status)) return 'none';
      if (history.status === 410) return 'gone';
      if (history.status === 200) {
        return (readPage(history.text).entry ?? []).length > 0 ? 'gone' : 'none';
      }
      requireMissing(history, 'reading the history of a resource');
      return 'none';
    },
  };
}

function firstPage({ type, since, till, history }: IdRequest): string {
  if (history) {
    const query = { _since: since, _before: till, _count: String(versionsOnPage) };
    return `${type}/_history?${new URLSearchParams(query)}`;
  }
  const query = new URLSearchParams({ _elements: 'id', _count: String(idsOnPage) });
  query.append('_lastUpdated', `ge${since}`);
  query.append('_lastUpdated', `lt${till}`);
  return `${type}?${query}`;
}

/** An entry of a delete may come without its resource. */
function idOf({ resource, request }: Entry): string {
  const id = resource?.id ?? /^(?:.*\/)?[A-Za-z]+\/([^/?#]+)/.exec(request?.url ?? '')?.[1];
  if (id === undefined) throw unreadable('an entry without id');
  return id;
}

function requireMissing({ status, text }: HttpResponse, what: string): void {
  if (status !== 404) throw callFailure(status, what);
  if (text.trim() !== '') parseJson(text);
}

function readPage(text: string): z.infer<typeof page> {
  const parsed = page.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw unreadable('no Bundle');
}
