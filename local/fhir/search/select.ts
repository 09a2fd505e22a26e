import { isResourceType, resourceTypes, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { unsupportedParameter } from '../outcome.ts';
import type { StoredVersion } from '../store/stored-version.ts';
import { compartmentCriterion } from './compartment.ts';
import { type Criterion, criterionOf } from './criterion.ts';
import type { MatchQuery } from './match-query.ts';
import type { Filter, SearchRequest } from './search-request.ts';

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
    const criteria = filters.flatMap((filter) => criteriaOf(service, { type, scope, filter }));
    if (scope.patient !== undefined) {
      const criterion = compartmentCriterion(service, type, scope.patient);
      if (criterion === undefined) return [];
      criteria.push(criterion);
    }
    const { ids, from, to } = search;
    return [{ type: typeNumber(type), criteria, ids, from, to, descending: isDescending(search) }];
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

interface FilterUse {
  readonly type: string;
  readonly scope: Scope;
  readonly filter: Filter;
}

function isKnown(service: Service, type: string, filter: Filter): boolean {
  return service.parameters.get(type)?.has(chainHead(filter)) ?? false;
}

function chainHead(filter: Filter): string {
  const dot = filter.code.indexOf('.');
  return dot < 0 ? filter.code : filter.code.slice(0, dot);
}

function criteriaOf(service: Service, use: FilterUse): readonly Criterion[] {
  const { type, scope, filter } = use;
  const parameter = service.parameters.get(type)?.get(chainHead(filter));
  if (parameter === undefined) return [];
  const number = service.parameterNumbers.numberOf(parameter.indexName);
  const chained = chainOf(filter);
  const value = chained === undefined ? filter.value : chainedValue(service, use, chained);
  const modifier = chained === undefined ? filter.modifier : undefined;
  return [criterionOf({ parameter, number, modifier, value, baseUrl: scope.baseUrl })];
}

interface Chain {
  readonly head: string;
  readonly target: string | undefined;
  readonly rest: Filter;
}

/** `subject:Patient.name=x` arrives as code `subject`, modifier `Patient.name`; `patient.name=x` as one code. */
function chainOf(filter: Filter): Chain | undefined {
  const { code, modifier, value } = filter;
  const dot = code.indexOf('.');
  if (dot > 0) {
    const rest = { code: code.slice(dot + 1), modifier, value };
    return { head: code.slice(0, dot), target: undefined, rest };
  }
  const typed = /^([A-Z]\w+)\.(.+)$/.exec(modifier ?? '');
  if (typed?.[1] === undefined || typed[2] === undefined) return undefined;
  return { head: code, target: typed[1], rest: { code: typed[2], modifier: undefined, value } };
}

const maximumChained = 1000;

/** Runs the inner search of a chain and returns its matches as reference alternatives. */
function chainedValue(service: Service, use: FilterUse, chain: Chain): string {
  const parameter = service.parameters.get(use.type)?.get(chain.head);
  const targets = chain.target === undefined ? (parameter?.targets ?? []) : [chain.target];
  const known = targets.filter(
    (type) => isResourceType(type) && isKnown(service, type, chain.rest),
  );
  if (known.length === 0) {
    throw unsupportedParameter(
      `The chained search parameter '${use.filter.code}' is not supported.`,
    );
  }
  const found = known.flatMap((type): readonly StoredVersion[] => {
    const criteria = criteriaOf(service, { type, scope: use.scope, filter: chain.rest });
    const range = { from: -Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
    const query = { type: typeNumber(type), criteria, ids: undefined, ...range, descending: false };
    return service.matcher.find(query, maximumChained + 1);
  });
  if (found.length > maximumChained) {
    throw unsupportedParameter(
      `The chained search parameter '${use.filter.code}' matches more than ${maximumChained} resources; narrow it.`,
    );
  }
  // A reference that cannot exist keeps "no inner match" a search without result.
  return found.map(({ type, id }) => `${type}/${id}`).join(',') || 'urn:none';
}
