import { isResourceType } from '../definitions.ts';
import { badRequest, FhirError, unsupportedParameter } from '../outcome.ts';
import { afterAllRows, beforeAllRows, firstSeqAt } from '../store/clock.ts';
import { splitValues } from './criterion.ts';
import { dateRange } from './date-range.ts';
import { type Filter, parseFilter } from './filter.ts';
import { splitPrefix } from './prefix.ts';

export interface Sort {
  readonly code: string;
  readonly descending: boolean;
}

export interface Include {
  readonly source: string;
  readonly code: string;
  readonly target: string | undefined;
}

/** A search as asked for, before any parameter is looked up. */
export interface SearchRequest {
  readonly filters: readonly Filter[];
  readonly ids: readonly string[] | undefined;
  /** Half-open range of row numbers that the `_lastUpdated` conditions allow. */
  readonly from: bigint;
  readonly to: bigint;
  readonly types: readonly string[] | undefined;
  readonly sort: readonly Sort[];
  readonly count: number;
  readonly countOnly: boolean;
  readonly total: boolean;
  readonly elements: readonly string[] | undefined;
  readonly summary: 'true' | 'text' | 'data' | undefined;
  readonly includes: readonly Include[];
  readonly reverseIncludes: readonly Include[];
  readonly continuation: string | undefined;
}

const maximumCount = 1000;
const defaultCount = 10;

/** Parameters that shape the answer and never filter. */
const ignored = new Set(['_format', '_pretty', 'hardDelete', '_hardDelete', '_isHistory']);

/** Reads the query of a search; throws 400 for values that cannot be meant. */
export function parseSearch(query: Iterable<readonly [string, string]>): SearchRequest {
  const draft = emptyDraft();
  for (const [name, value] of query) {
    if (ignored.has(name)) continue;
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (reader !== undefined) {
      reader(draft, value);
      continue;
    }
    draft.filters.push(parseFilter(name, value));
  }
  return draft;
}

function emptyDraft() {
  return {
    filters: [] as Filter[],
    ids: undefined as readonly string[] | undefined,
    from: beforeAllRows,
    to: afterAllRows,
    types: undefined as readonly string[] | undefined,
    sort: [] as Sort[],
    count: defaultCount,
    countOnly: false,
    total: false,
    elements: undefined as readonly string[] | undefined,
    summary: undefined as SearchRequest['summary'],
    includes: [] as Include[],
    reverseIncludes: [] as Include[],
    continuation: undefined as string | undefined,
  };
}

type Draft = ReturnType<typeof emptyDraft>;

const readers: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  _id: (draft, value) => {
    const ids = splitValues(value);
    draft.ids = draft.ids === undefined ? ids : draft.ids.filter((id) => ids.includes(id));
  },
  _lastUpdated: readLastUpdated,
  _type: (draft, value) => {
    draft.types = splitValues(value).map(knownType);
  },
  _sort: (draft, value) => {
    draft.sort.push(
      ...splitValues(value).map((code) =>
        code.startsWith('-')
          ? { code: code.slice(1), descending: true }
          : { code, descending: false },
      ),
    );
  },
  _count: (draft, value) => {
    draft.count = Math.min(wholeNumber('_count', value), maximumCount);
    draft.countOnly ||= draft.count === 0;
  },
  _summary: readSummary,
  _total: (draft, value) => {
    if (value === 'estimate') throw estimateRefused();
    if (value !== 'none' && value !== 'accurate') {
      throw badRequest("The value of '_total' must be none or accurate.");
    }
    draft.total = value !== 'none';
  },
  _elements: (draft, value) => {
    draft.elements = splitValues(value);
  },
  _include: (draft, value) => {
    draft.includes.push(parseInclude(value));
  },
  _revinclude: (draft, value) => {
    draft.reverseIncludes.push(parseInclude(value));
  },
  ct: (draft, value) => {
    draft.continuation = value;
  },
};

/** The service behind Azure knows no estimates and answers 403. */
function estimateRefused(): FhirError {
  const diagnostics =
    "The '_total' parameter value 'estimate' is not supported. The supported values are: 'accurate', 'none'.";
  return new FhirError(403, [{ severity: 'error', code: 'not-supported', diagnostics }]);
}

function readSummary(draft: Draft, value: string): void {
  if (value === 'count') draft.countOnly = true;
  else if (value === 'true' || value === 'text' || value === 'data') draft.summary = value;
  else if (value !== 'false') {
    throw badRequest("The value of '_summary' must be true, text, data, count or false.");
  }
}

/** `_lastUpdated` conditions become bounds on the row number; the row number is the clock. */
function readLastUpdated(draft: Draft, value: string): void {
  const { prefix, rest } = splitPrefix(value);
  const range = dateRange(rest);
  if (range === undefined) throw badRequest("The value of '_lastUpdated' is no FHIR date.");
  const start = firstSeqAt(range.low);
  const after = firstSeqAt(range.high + 1);
  const atLeast = (seq: bigint) => {
    if (seq > draft.from) draft.from = seq;
  };
  const below = (seq: bigint) => {
    if (seq < draft.to) draft.to = seq;
  };
  if (prefix === 'eq' || prefix === 'ap' || prefix === 'ge') atLeast(start);
  if (prefix === 'gt' || prefix === 'sa') atLeast(after);
  if (prefix === 'eq' || prefix === 'ap' || prefix === 'le') below(after);
  if (prefix === 'lt' || prefix === 'eb') below(start);
  if (prefix === 'ne') throw unsupportedParameter("'_lastUpdated' does not support the prefix ne.");
}

function knownType(name: string): string {
  if (isResourceType(name)) return name;
  throw badRequest(`'${name}' in '_type' is no FHIR R4 resource type.`);
}

function wholeNumber(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw badRequest(`The value of '${name}' must be a whole number of 0 or more.`);
}

function parseInclude(value: string): Include {
  const [source = '', code = '', target] = value.split(':');
  if (!isResourceType(source) || code === '') {
    throw badRequest("An include must be written 'SourceType:searchParameter[:TargetType]'.");
  }
  return { source, code, target };
}
