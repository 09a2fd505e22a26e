import { isResourceType, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { parseStored } from '../json.ts';
import { unsupportedParameter } from '../outcome.ts';
import { afterAllRows, beforeAllRows } from '../store/clock.ts';
import type { StoredVersion } from '../store/stored-version.ts';
import { compositeConditions } from './composite.ts';
import { compositeParameter } from './composite-parameters.ts';
import { type Criterion, criterionOf, type SqlPart } from './criterion.ts';
import { type Chain, chainOf, type Filter, type ReverseChain, reverseChainOf } from './filter.ts';
import { indexValues } from './index-values.ts';
import { evaluatePath } from './path.ts';

export interface FilterUse {
  readonly type: string;
  readonly filter: Filter;
  readonly baseUrl: string;
}

/** What the filters of a search come to for one type. */
export interface Conditions {
  readonly criteria: readonly Criterion[];
  /** Conditions on the row `r` itself, tried on what the criteria leave. */
  readonly checks: readonly SqlPart[];
  readonly ids: readonly string[] | undefined;
}

/** True when resources of `type` can be searched by the filter. */
export function isKnown(service: Service, type: string, filter: Filter): boolean {
  const reverse = reverseChainOf(filter);
  if (reverse !== undefined) return referenceParameter(service, reverse) !== undefined;
  const code = chainOf(filter)?.head ?? filter.code;
  return (
    (service.parameters.get(type)?.has(code) ?? false) ||
    compositeParameter(type, code) !== undefined
  );
}

/** Translates one filter that `isKnown`. */
export function conditionsOf(service: Service, use: FilterUse): Conditions {
  const { type, filter, baseUrl } = use;
  const reverse = reverseChainOf(filter);
  if (reverse !== undefined) {
    return { criteria: [], checks: [], ids: referredIds(service, use, reverse) };
  }
  const chain = chainOf(filter);
  const parameter = service.parameters.get(type)?.get(chain?.head ?? filter.code);
  if (parameter === undefined) {
    const composite = compositeParameter(type, filter.code);
    if (composite === undefined) return { criteria: [], checks: [], ids: undefined };
    const { value } = filter;
    return { ...compositeConditions(service, composite, { type, value, baseUrl }), ids: undefined };
  }
  const numbers = parameter.indexNames.map(service.parameterNumbers.numberOf);
  const value = chain === undefined ? filter.value : chainedValue(service, use, chain);
  const modifier = chain === undefined ? filter.modifier : undefined;
  const criterion = criterionOf({ parameter, numbers, modifier, value, baseUrl });
  return { criteria: [criterion], checks: [], ids: undefined };
}

/** All conditions together; ids that several filters ask for are those in common. */
export function allConditions(all: readonly Conditions[]): Conditions {
  return {
    criteria: all.flatMap(({ criteria }) => criteria),
    checks: all.flatMap(({ checks }) => checks),
    ids: all.reduce<Conditions['ids']>((common, { ids }) => commonIds(common, ids), undefined),
  };
}

/** The ids in both lists; undefined stands for all. */
export function commonIds(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): readonly string[] | undefined {
  if (left === undefined) return right;
  if (right === undefined) return left;
  const wanted = new Set(right);
  return left.filter((id) => wanted.has(id));
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
  const found = known.flatMap((type) =>
    innerMatches(service, { ...use, type, filter: chain.rest }, maximumChained),
  );
  // A reference that cannot exist keeps "no inner match" a search without result.
  return found.map(({ type, id }) => `${type}/${id}`).join(',') || 'urn:none';
}

/** Matches of the inner search of a chain; throws 400 for more than `maximum`. */
function innerMatches(service: Service, use: FilterUse, maximum: number): readonly StoredVersion[] {
  const found = service.matcher.find(
    {
      type: typeNumber(use.type),
      ...conditionsOf(service, use),
      from: beforeAllRows,
      to: afterAllRows,
      descending: false,
    },
    maximum + 1,
  );
  if (found.length <= maximum) return found;
  throw unsupportedParameter(
    `The chained search by '${use.filter.code}' matches more than ${maximum} resources of type '${use.type}'; narrow it.`,
  );
}

const maximumReferring = 10_000;

function referenceParameter(service: Service, { source, reference, rest }: ReverseChain) {
  const parameter = service.parameters.get(source)?.get(reference);
  const isReference = parameter?.kind === 'reference' && isKnown(service, source, rest);
  return isReference ? parameter : undefined;
}

/** Ids of the resources of the searched type to which the matches of the inner search refer. */
function referredIds(service: Service, use: FilterUse, reverse: ReverseChain): readonly string[] {
  const parameter = referenceParameter(service, reverse);
  const inner = { ...use, type: reverse.source, filter: reverse.rest };
  const ids = innerMatches(service, inner, maximumReferring).flatMap((version) => {
    const resource = parseStored(version.body);
    return (parameter?.paths ?? [])
      .flatMap((path) => evaluatePath(path, resource))
      .flatMap((element) => indexValues('reference', element))
      .flatMap((value) => (value.form === 'code' && value.system === use.type ? [value.code] : []));
  });
  return [...new Set(ids)];
}
