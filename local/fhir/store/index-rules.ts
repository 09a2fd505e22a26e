import type { JsonObject } from '../json.ts';
import { addIndexValues, type IndexValue } from '../search/index-values.ts';
import type { ParameterKind, SearchParameter } from '../search/parameters.ts';
import { elementsNeeded, type TakeElement, visitPath, type Walk, walkOf } from '../search/path.ts';

export interface NumberedParameter {
  readonly number: number;
  readonly parameter: SearchParameter;
}

interface Rule {
  readonly number: number;
  readonly kind: ParameterKind;
  readonly walk: Walk;
}

/** What is to be extracted from the resources of one type, by the element that must be there for it. */
export interface IndexRules {
  readonly byElement: ReadonlyMap<string, readonly Rule[]>;
  readonly always: readonly Rule[];
}

export type TakeValue = (number: number, value: IndexValue) => void;

/** Arranges parameters so that a resource is asked only for what its elements can answer. */
export function indexRules(parameters: readonly NumberedParameter[]): IndexRules {
  const byElement = new Map<string, Rule[]>();
  const always: Rule[] = [];
  for (const { number, parameter } of withoutTwins(parameters)) {
    for (const path of parameter.paths) {
      const rule = { number, kind: parameter.kind, walk: walkOf(path) };
      const names = elementsNeeded(path);
      if (names === undefined) always.push(rule);
      for (const name of names ?? []) byElement.set(name, [...(byElement.get(name) ?? []), rule]);
    }
  }
  return { byElement, always };
}

/** Parameters with equal expressions, such as name and phonetic, share one number and one set of rows. */
function withoutTwins(numbered: readonly NumberedParameter[]): readonly NumberedParameter[] {
  return [...new Map(numbered.map((parameter) => [parameter.number, parameter])).values()];
}

/** Calls `take` for every value that a resource contributes; the same one may come twice. */
export function forEachValue(
  { byElement, always }: IndexRules,
  resource: JsonObject,
  take: TakeValue,
): void {
  let rule: Rule | undefined;
  const found: IndexValue[] = [];
  const takeElement: TakeElement = (element) => {
    if (rule !== undefined) addIndexValues(rule.kind, element, found);
  };
  const apply = (next: Rule): void => {
    rule = next;
    visitPath(next.walk, resource, takeElement);
    for (const value of found) take(next.number, value);
    found.length = 0;
  };
  for (const one of always) apply(one);
  for (const name in resource) {
    const rules = byElement.get(name);
    if (rules !== undefined) for (const one of rules) apply(one);
  }
}
