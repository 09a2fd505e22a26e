import { resourceTypes } from '../definitions.ts';
import type { FhirRequest } from '../interaction.ts';
import { badRequest } from '../outcome.ts';
import { dateRange } from '../search/date-range.ts';
import type { ExportRequest, ExportScope, TypeFilter } from './export-definition.ts';

const parameters = [
  '_outputFormat',
  '_since',
  '_till',
  '_type',
  '_container',
  '_format',
  '_typeFilter',
  '_isParallel',
  'includeAssociatedData',
  '_maxCount',
  '_anonymizationConfigCollectionReference',
  '_anonymizationConfig',
  '_anonymizationConfigEtag',
];
const outputFormats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];
const defaultMaxCount = 10_000;

/**
 * Reads and checks an `$export` as the service does (facts, migration 2.1);
 * throws 400. `now` is the queue time, which is the default of `_till`.
 */
export function parseExport(request: FhirRequest, scope: ExportScope, now: number): ExportRequest {
  const { query } = request;
  checkHeaders(request);
  checkParameters(query);
  const filters = typeFilters(query.get('_typeFilter'));
  const associated = associatedData(scope.kind === 'system' ? query : new URLSearchParams());
  if ((associated.history || associated.deleted) && filters.length > 0) {
    throw badRequest(
      'The request "_typeFilter" cannot be used with an export request with historical or soft deleted resources.',
    );
  }
  const isParallel = scope.kind === 'group' ? false : parallel(scope, query.get('_isParallel'));
  return {
    url: urlOf(request),
    scope,
    types: typesOf(query.get('_type')),
    filters,
    since: query.has('_since') ? rangeOf(query, '_since').low : null,
    until: untilOf(query, isParallel && filters.length === 0, now),
    isParallel,
    ...associated,
    maxCount: maxCountOf(query.get('_maxCount')),
    ...destination(query),
  };
}

function checkHeaders({ headers }: FhirRequest): void {
  if (headers.accept?.toLowerCase() !== 'application/fhir+json') {
    throw unsupportedHeader(headers.accept, 'Accept');
  }
  if (headers.prefer === undefined) throw badRequest('Missing required header; Prefer');
  const values = headers.prefer.split(',').map((value) => value.trim());
  for (const value of values) {
    const isKnown = /^respond-async$|^handling\s*=\s*(lenient|strict)$/i.test(value);
    if (!isKnown) throw unsupportedHeader(value, 'Prefer');
  }
  if (!values.some((value) => value.toLowerCase() === 'respond-async')) {
    throw badRequest('Missing required header value; header=Prefer,value=respond-async.');
  }
}

export function unsupportedHeader(value: string | undefined, name: string): Error {
  return badRequest(`Value supplied, ${value ?? ''},  for the "${name}" header is not supported.`);
}

function checkParameters(query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (!parameters.includes(name)) throw badRequest(`The "${name}" parameter is not supported.`);
  }
  if (query.has('_typeFilter') && !query.has('_type')) {
    throw badRequest('The _type parameter must be included when using the _typeFilter parameter.');
  }
  for (const format of query.getAll('_outputFormat')) {
    if (!outputFormats.includes(format)) {
      throw badRequest(`The output format '${format}' is not supported.`);
    }
  }
  const format = query.get('_format');
  if (format !== null) throw badRequest(`The format '${format}' could not be found.`);
}

function typesOf(text: string | null): string[] | null {
  if (text === null || text === '') return null;
  const types = text.split(',');
  const unknown = types.find((type) => !resourceTypes.includes(type));
  if (unknown !== undefined) {
    throw badRequest(`Requested operation does not support resource type: ${unknown}.`);
  }
  return [...new Set(types)];
}

function typeFilters(text: string | null): TypeFilter[] {
  if (text === null || text.trim() === '') return [];
  return text.split(',').map((filter) => {
    const mark = filter.indexOf('?');
    const query = filter.slice(mark + 1);
    const isWhole = mark > 0 && query.split('&').every((part) => part.split('=').length === 2);
    if (!isWhole) throw badRequest(`The _typeFilter segment '${filter}' could not be parsed.`);
    return { type: filter.slice(0, mark), query };
  });
}

function associatedData(query: URLSearchParams) {
  const asked = (query.get('includeAssociatedData') ?? '').split(',').filter(Boolean);
  const invalid = asked.filter((value) => value !== '_history' && value !== '_deleted');
  if (invalid.length > 0) {
    throw badRequest(
      `The export parameter "includeAssociatedData" contains an invalid value. Supported values are: _history,_deleted. Found: ${invalid.join(',')}.`,
    );
  }
  return { history: asked.includes('_history'), deleted: asked.includes('_deleted') };
}

function parallel(scope: ExportScope, text: string | null): boolean {
  if (scope.kind !== 'system' || text === null || text === '') return true;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  throw badRequest("The value of '_isParallel' must be true or false.");
}

/** The parallel path leaves `_till` out, so that it can be the next `_since`; the others take it in. */
function untilOf(query: URLSearchParams, isExclusive: boolean, now: number): number {
  if (!query.has('_till')) return isExclusive ? now : now + 1;
  const { low, high } = rangeOf(query, '_till');
  return isExclusive ? low : high + 1;
}

function rangeOf(query: URLSearchParams, name: string) {
  const range = dateRange(query.get(name) ?? '');
  if (range === undefined) throw badRequest(`The value of '${name}' is no FHIR instant.`);
  return range;
}

function maxCountOf(text: string | null): number {
  if (text === null) return defaultMaxCount;
  if (!/^\d{1,9}$/.test(text)) throw badRequest("The value of '_maxCount' must be a whole number.");
  return Number(text) || defaultMaxCount;
}

function destination(query: URLSearchParams): Pick<ExportRequest, 'container' | 'anonymization'> {
  const container = query.get('_container')?.trim() || null;
  const config = query.get('_anonymizationConfig')?.trim() || null;
  const etag = query.get('_anonymizationConfigEtag')?.trim() || null;
  const reference = query.get('_anonymizationConfigCollectionReference')?.trim() || null;
  checkPath(container);
  if (config === null && etag === null && reference === null) {
    return { container, anonymization: null };
  }
  if (config === null) throw badRequest("Missing '_anonymizationConfig' for anonymized export");
  if (container === null) throw badRequest("Missing '_container' for anonymized export");
  checkPath(config);
  if (reference !== null) {
    throw badRequest(
      etag === null
        ? `The configuration collection reference '${reference}' is not configured.`
        : "The parameters '_anonymizationConfigEtag' and '_anonymizationConfigCollectionReference' cannot be given in the same request. Please only specify one of them.",
    );
  }
  return { container, anonymization: { config, etag } };
}

function checkPath(value: string | null): void {
  if (value?.split(/[/\\]/).includes('..')) {
    throw badRequest(
      `The value '${value}' is not valid. Path traversal characters are not allowed.`,
    );
  }
}

function urlOf({ baseUrl, path, query }: FhirRequest): string {
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return `${baseUrl}/${path.join('/')}${text === '' ? '' : `?${text}`}`;
}
