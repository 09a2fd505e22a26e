import { resourceTypes, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { compartmentCriteria } from './compartment.ts';
import { allConditions, commonIds, conditionsOf, isKnown } from './conditions.ts';
import type { MatchQuery } from './match-query.ts';
import type { SearchRequest } from './search-request.ts';

/** Where a search looks: one type, or all; within one patient's compartment or not. */
export interface Scope {
  readonly type: string | undefined;
  readonly patient: string | undefined;
  /** Adds the Patient itself to its compartment, as $everything does. */
  readonly withPatient?: boolean;
  readonly baseUrl: string;
}

export interface Selected {
  readonly queries: readonly MatchQuery[];
  /** Codes of filters that no searched type knows; ignored in lenient handling. */
  readonly unknown: readonly string[];
}

/** Turns a search into one query per searched type. */
export function selectQueries(service: Service, scope: Scope, search: SearchRequest): Selected {
  const types = scope.type !== undefined ? [scope.type] : (search.types ?? resourceTypes);
  const unknown = search.filters
    .filter((filter) => !types.some((type) => isKnown(service, type, filter)))
    .map((filter) => filter.code);
  const filters = search.filters.filter((filter) => !unknown.includes(filter.code));
  const queries = types.flatMap((type): MatchQuery[] => {
    if (!filters.every((filter) => isKnown(service, type, filter))) return [];
    const { baseUrl } = scope;
    const { criteria, checks, ids } = allConditions(
      filters.map((filter) => conditionsOf(service, { type, filter, baseUrl })),
    );
    const compartment =
      scope.patient === undefined ? [] : compartmentCriteria(service, type, scope.patient);
    if (compartment === undefined) return [];
    return [
      {
        type: typeNumber(type),
        criteria: [...criteria, ...compartment],
        checks,
        ids: commonIds(search.ids, ids),
        from: search.from,
        to: search.to,
        descending: isDescending(search),
      },
    ];
  });
  return { queries: [...queries, ...patientQuery(scope, search)], unknown };
}

function patientQuery(scope: Scope, search: SearchRequest): readonly MatchQuery[] {
  const { patient } = scope;
  const wanted = search.types?.includes('Patient') ?? true;
  if (patient === undefined || !scope.withPatient || !wanted) return [];
  const { from, to } = search;
  const type = typeNumber('Patient');
  return [{ type, criteria: [], ids: [patient], from, to, descending: isDescending(search) }];
}

/** Rows come in commit order unless the search asks for the latest first. */
export function isDescending(search: SearchRequest): boolean {
  const first = search.sort[0];
  return first?.code === '_lastUpdated' && first.descending;
}
