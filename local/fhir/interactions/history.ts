import { typeNumber } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { badRequest, notFound } from '../outcome.ts';
import {
  bundleText,
  continuationNumber,
  continuationToken,
  pageUrl,
} from '../search/bundle-text.ts';
import { dateRange } from '../search/date-range.ts';
import { parseSearch } from '../search/search-request.ts';
import { afterAllRows, beforeAllRows, firstSeqAt, lastUpdatedOf } from '../store/clock.ts';
import type { HistoryQuery } from '../store/history.ts';
import { etagOf, type StoredVersion } from '../store/stored-version.ts';

/** History of one resource, one type or the whole service, latest first, tombstones included. */
export function history(
  service: Service,
  request: FhirRequest,
  place: { readonly type: string | undefined; readonly id: string | undefined },
): Reply {
  const { type, id } = place;
  if (
    type !== undefined &&
    id !== undefined &&
    service.repository.current(type, id) === undefined
  ) {
    throw notFound(`Resource type '${type}' with id '${id}' couldn't be found.`);
  }
  const shape = parseSearch(shapingParameters(request.query));
  const query = historyQuery(request, place);
  const counted = shape.countOnly || shape.total || id !== undefined;
  const total = counted ? service.history.count(query) : undefined;
  const found = shape.countOnly
    ? []
    : service.history.versions(onPage(query, shape.continuation), shape.count + 1);
  const versions = found.slice(0, shape.count);
  const last = versions.at(-1);
  const url = `${request.baseUrl}/${request.path.join('/')}`;
  const token =
    found.length > shape.count && last !== undefined
      ? continuationToken('seq', last.seq)
      : undefined;
  const links = [
    ...(token === undefined
      ? []
      : [{ relation: 'next' as const, url: pageUrl(url, request.query, token) }]),
    { relation: 'self' as const, url: pageUrl(url, request.query, shape.continuation) },
  ];
  const entries = versions.map((version) => entryText(request, version));
  return { status: 200, body: bundleText('history', { entries, links, total }) };
}

const shaping = ['_count', '_summary', '_total', 'ct'];

function shapingParameters(query: URLSearchParams): readonly (readonly [string, string])[] {
  return [...query].filter(([name]) => shaping.includes(name));
}

function historyQuery(
  request: FhirRequest,
  { type, id }: { readonly type: string | undefined; readonly id: string | undefined },
): HistoryQuery {
  const sort = request.query.get('_sort');
  if (sort !== null && sort !== '_lastUpdated' && sort !== '-_lastUpdated') {
    throw badRequest("History sorts by '_lastUpdated' or '-_lastUpdated' only.");
  }
  return {
    type: type === undefined ? undefined : typeNumber(type),
    id,
    from: instant(request.query, '_since') ?? beforeAllRows,
    to: instant(request.query, '_before') ?? afterAllRows,
    descending: sort !== '_lastUpdated',
  };
}

function instant(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const range = dateRange(text);
  if (range === undefined) throw badRequest(`The value of '${name}' is no FHIR instant.`);
  return firstSeqAt(range.low);
}

function onPage(query: HistoryQuery, token: string | undefined): HistoryQuery {
  const after = continuationNumber(token, 'seq');
  if (token === undefined) return query;
  if (after === undefined) {
    throw badRequest("The continuation token 'ct' is not one of this history; start again.");
  }
  return query.descending
    ? { ...query, to: after < query.to ? after : query.to }
    : { ...query, from: after < query.from ? query.from : after + 1n };
}

const endings = { POST: '201 Created', PUT: '200 OK', PATCH: '200 OK', DELETE: '204 NoContent' };

/** The service puts the bare tombstone into the entry of a deletion, with `request.method` DELETE. */
function entryText(request: FhirRequest, version: StoredVersion): string {
  const { type, id, method } = version;
  const asked = { method, url: method === 'POST' ? `${type}/` : `${type}/${id}` };
  const status = version.version === 1 && method !== 'DELETE' ? endings.POST : endings[method];
  const response = { status, etag: etagOf(version), lastModified: lastUpdatedOf(version.seq) };
  const fullUrl = `${request.baseUrl}/${type}/${id}/_history/${version.version}`;
  return `{"fullUrl":"${fullUrl}","resource":${version.body},"request":${JSON.stringify(asked)},"response":${JSON.stringify(response)}}`;
}
