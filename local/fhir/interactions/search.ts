import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { badRequest, type Issue, outcomeResource, unsupportedParameter } from '../outcome.ts';
import {
  bundleText,
  continuationNumber,
  continuationToken,
  pageUrl,
} from '../search/bundle-text.ts';
import { includedVersions } from '../search/include.ts';
import { parseSearch, type SearchRequest } from '../search/search-request.ts';
import { isDescending, type Scope, type Selected, selectQueries } from '../search/select.ts';
import { shapeBody } from '../search/shape.ts';
import { sortVersions } from '../search/sort.ts';
import type { StoredVersion } from '../store/stored-version.ts';
import { shownVersions } from './stale-versions.ts';

interface Page {
  readonly matches: readonly StoredVersion[];
  readonly next: string | undefined;
}

/** Search at system, type or compartment level (FHIR R4 http, "search"). */
export function search(
  service: Service,
  request: FhirRequest,
  place: Omit<Scope, 'baseUrl'>,
): Reply {
  const parsed = parseSearch(request.query);
  const scope: Scope = { ...place, baseUrl: request.baseUrl };
  const selected = selectQueries(service, scope, parsed);
  const issues = selected.unknown.map((code) => unknownParameter(code, place.type));
  if (request.strict && issues[0] !== undefined) throw unsupportedParameter(issues[0].diagnostics);

  const total = parsed.total || parsed.countOnly ? countMatches(service, selected) : undefined;
  const page = parsed.countOnly ? emptyPage : findPage(service, parsed, selected);
  const url = `${request.baseUrl}/${request.path.join('/')}`.replace(/\/_search$/, '');
  const links = [
    {
      relation: 'self' as const,
      url: pageUrl(url, selfQuery(request, selected), parsed.continuation),
    },
  ];
  const next =
    page.next === undefined
      ? []
      : [{ relation: 'next' as const, url: pageUrl(url, selfQuery(request, selected), page.next) }];
  const entries = [
    ...shownVersions(service, request, page.matches).map((match) =>
      entryText(request, match, shapeBody(match.body, parsed), 'match'),
    ),
    ...includedVersions(service, parsed, page.matches).map((version) =>
      entryText(request, version, version.body, 'include'),
    ),
    ...(issues.length === 0 ? [] : [outcomeEntry(issues)]),
  ];
  return {
    status: 200,
    body: bundleText('searchset', { entries, links: [...next, ...links], total }),
  };
}

const emptyPage: Page = { matches: [], next: undefined };

/** The matches of a conditional interaction: two are enough to know that it is not selective. */
export function conditionalMatches(
  service: Service,
  request: FhirRequest,
  condition: { readonly type: string; readonly query: URLSearchParams },
): readonly StoredVersion[] {
  const parsed = parseSearch(condition.query);
  if (parsed.filters.length === 0 && parsed.ids === undefined) {
    throw badRequest('A conditional interaction needs at least one search parameter.');
  }
  const scope = { type: condition.type, patient: undefined, baseUrl: request.baseUrl };
  const selected = selectQueries(service, scope, parsed);
  if (selected.unknown.length > 0) {
    throw unsupportedParameter(
      unknownParameter(selected.unknown[0] ?? '', condition.type).diagnostics,
    );
  }
  return selected.queries.flatMap((query) => service.matcher.find(query, 2));
}

function unknownParameter(code: string, type: string | undefined): Issue {
  return {
    severity: 'warning',
    code: 'not-supported',
    diagnostics: `The search parameter '${code}' is not supported for resource type '${type ?? 'Resource'}'.`,
  };
}

function countMatches(service: Service, { queries }: Selected): number {
  return queries.reduce((sum, query) => sum + service.matcher.count(query), 0);
}

function findPage(service: Service, parsed: SearchRequest, selected: Selected): Page {
  const sorted = parsed.sort.some(({ code }) => code !== '_lastUpdated');
  return sorted
    ? sortedPage(service, parsed, selected)
    : commitOrderPage(service, parsed, selected);
}

function commitOrderPage(service: Service, parsed: SearchRequest, { queries }: Selected): Page {
  const after = tokenNumber(parsed, 'seq');
  const descending = isDescending(parsed);
  const found = queries
    .flatMap((query) => {
      const from =
        after === undefined || descending || after < query.from ? query.from : after + 1n;
      const to = after === undefined || !descending || after > query.to ? query.to : after;
      return service.matcher.find({ ...query, from, to }, parsed.count + 1);
    })
    .sort((left, right) => compareSeqs(left, right) * (descending ? -1 : 1));
  const matches = found.slice(0, parsed.count);
  const last = matches.at(-1);
  const more = found.length > parsed.count && last !== undefined;
  return { matches, next: more ? continuationToken('seq', last.seq) : undefined };
}

function compareSeqs(left: StoredVersion, right: StoredVersion): number {
  if (left.seq === right.seq) return 0;
  return left.seq < right.seq ? -1 : 1;
}

/** Other orders are made in memory: they need all matches, so they suit selective searches. */
function sortedPage(service: Service, parsed: SearchRequest, { queries }: Selected): Page {
  const offset = Number(tokenNumber(parsed, 'offset') ?? 0);
  const all = queries.flatMap((query) => service.matcher.find(query, -1));
  const matches = sortVersions(service, parsed.sort, all).slice(offset, offset + parsed.count);
  const end = offset + matches.length;
  return { matches, next: end < all.length ? continuationToken('offset', end) : undefined };
}

function tokenNumber(parsed: SearchRequest, key: string): bigint | undefined {
  const number = continuationNumber(parsed.continuation, key);
  if (parsed.continuation === undefined || number !== undefined) return number;
  throw badRequest(
    "The continuation token 'ct' is not one of this search; start the search again.",
  );
}

function selfQuery(request: FhirRequest, { unknown }: Selected): URLSearchParams {
  const kept = [...request.query].filter(([name]) => !unknown.includes(name.split(':')[0] ?? ''));
  return new URLSearchParams(kept);
}

function entryText(
  request: FhirRequest,
  { type, id }: StoredVersion,
  body: string,
  mode: 'match' | 'include',
): string {
  return `{"fullUrl":"${request.baseUrl}/${type}/${id}","resource":${body},"search":{"mode":"${mode}"}}`;
}

function outcomeEntry(issues: readonly Issue[]): string {
  return JSON.stringify({ resource: outcomeResource(issues), search: { mode: 'outcome' } });
}
