import { resourceTypes, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { badRequest } from '../outcome.ts';
import { parseSearch } from '../search/search-request.ts';
import { selectQueries } from '../search/select.ts';
import { beforeAllRows, firstSeqAt } from '../store/clock.ts';
import { compartmentSelections } from './compartments.ts';
import type { ExportRequest } from './export-definition.ts';
import type { VersionPage, VersionPages } from './version-pages.ts';

/** Versions of one type, to be read page by page. */
export interface TypeSelection {
  readonly type: string;
  /** The page from this row number on; undefined for the first. */
  page(from: bigint | undefined, rows: number): VersionPage;
}

interface RowRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** What an export reads, type by type. Throws 400 for a Group that is not there. */
export function selectVersions(
  service: Service,
  pages: VersionPages,
  request: ExportRequest,
): readonly TypeSelection[] {
  const range = {
    from: request.since === null ? beforeAllRows : firstSeqAt(request.since),
    to: firstSeqAt(request.until),
  };
  if (request.scope.kind !== 'system') {
    return compartmentSelections(service, { pages, request, range });
  }
  const filteredTypes = new Set(request.filters.map(({ type }) => type));
  const types = (request.types ?? resourceTypes).filter((type) => !filteredTypes.has(type));
  const searches = request.filters
    .filter(({ type }) => request.types?.includes(type))
    .map((filter) => searchSelection(service, { ...filter, range }));
  const { history, deleted } = request;
  const isSnapshot = request.isParallel && request.filters.length === 0;
  const snapshot = isSnapshot ? range.to : undefined;
  const whole = types.map((type) => ({
    type,
    page: (from: bigint | undefined, rows: number) =>
      pages(
        {
          ...{ type: typeNumber(type), from: from ?? range.from, to: range.to },
          ...{ history, deleted, snapshot },
        },
        rows,
      ),
  }));
  return [...searches, ...whole];
}

/** A search whose matches are exported in lastUpdated order; several filters of a type repeat what both match. */
function searchSelection(
  service: Service,
  search: { readonly type: string; readonly query: string; readonly range: RowRange },
): TypeSelection {
  const { type, query, range } = search;
  const { queries } = selectQueries(
    service,
    { type, patient: undefined, baseUrl: '' },
    parseSearch(new URLSearchParams(query)),
  );
  const [match] = queries;
  return {
    type,
    page(start, rows) {
      if (match === undefined) return { versions: [], next: undefined };
      const from = later(start ?? range.from, match.from);
      const to = range.to < match.to ? range.to : match.to;
      const found = service.matcher.find({ ...match, from, to, descending: false }, rows);
      const last = found.at(-1);
      return {
        versions: found.map(({ seq, body }) => ({ seq, body, isDeleted: false })),
        next: found.length === rows && last !== undefined ? last.seq + 1n : undefined,
      };
    },
  };
}

function later(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** Throws 400 when filters name search parameters that are not there. */
export function checkFilters(service: Service, request: ExportRequest): void {
  const errors = request.filters.flatMap(({ type, query }) => {
    const scope = { type, patient: undefined, baseUrl: '' };
    const { unknown } = selectQueries(service, scope, parseSearch(new URLSearchParams(query)));
    return unknown.map((parameter) => `[type: ${type}, parameter: ${parameter}]`);
  });
  if (errors.length === 0) return;
  throw badRequest(`${errors.length} invalid search parameter(s) found:\n${errors.join('\n')}`);
}
