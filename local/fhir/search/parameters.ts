import { readObject, resourceTypes } from '../definitions.ts';
import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { compilePaths, type Path } from './path.ts';

const kinds = ['token', 'reference', 'date', 'string', 'uri', 'number', 'quantity'] as const;

export type ParameterKind = (typeof kinds)[number];

export function isParameterKind(value: unknown): value is ParameterKind {
  return kinds.some((kind) => kind === value);
}

/** One search parameter of one resource type, ready to extract and to query. */
export interface SearchParameter {
  /** `Type.code`, unique. */
  readonly name: string;
  /** Names of the parameters whose index rows answer this one: itself, one with the same expression, or the parts of a union. */
  readonly indexNames: readonly string[];
  readonly type: string;
  readonly code: string;
  readonly kind: ParameterKind;
  readonly paths: readonly Path[];
  readonly targets: readonly string[];
  /** URL of the SearchParameter that defines it. */
  readonly definition: string;
}

/** R4 search parameters by resource type and code. Composite ones are apart; special ones are not offered. */
export type SearchParameters = ReadonlyMap<string, ReadonlyMap<string, SearchParameter>>;

let loaded: SearchParameters | undefined;

/** The official R4 search parameters with their expressions compiled, once per process. */
export function searchParameters(): SearchParameters {
  loaded ??= compileSearchParameters();
  return loaded;
}

function compileSearchParameters(): SearchParameters {
  const byType = new Map<string, Map<string, SearchParameter>>(
    resourceTypes.map((type) => [type, new Map()]),
  );
  for (const entry of itemsOf(readObject('fhir/r4/search-parameters.json')['entry'])) {
    const definition = isObject(entry) ? entry['resource'] : undefined;
    if (!isObject(definition)) continue;
    for (const parameter of parametersOf(definition)) {
      const ofType = byType.get(parameter.type);
      const twin = [...(ofType?.values() ?? [])].find((other) => sameRows(other, parameter));
      const indexNames = twin?.indexNames ?? parameter.indexNames;
      ofType?.set(parameter.code, { ...parameter, indexNames });
    }
  }
  for (const ofType of byType.values()) {
    for (const parameter of ofType.values()) {
      const indexNames = partsOf(parameter, [...ofType.values()]);
      if (indexNames !== undefined) ofType.set(parameter.code, { ...parameter, indexNames });
    }
  }
  return byType;
}

/** The parameters that a union such as combo-code only combines; its own rows would repeat theirs. */
function partsOf(
  { code, kind, paths }: SearchParameter,
  ofType: readonly SearchParameter[],
): readonly string[] | undefined {
  // The rows of references are also read by other ways than a search by the parameter.
  if (kind === 'reference' || paths.length < 2) return undefined;
  const wanted = new Set(paths.map((path) => JSON.stringify(path)));
  const parts = ofType.filter(
    (other) =>
      other.code !== code &&
      other.kind === kind &&
      other.indexNames[0] === other.name &&
      other.paths.length < paths.length &&
      other.paths.every((path) => wanted.has(JSON.stringify(path))),
  );
  const covered = new Set(parts.flatMap((part) => part.paths.map((path) => JSON.stringify(path))));
  return covered.size === wanted.size ? parts.map(({ name }) => name) : undefined;
}

function sameRows(left: SearchParameter, right: SearchParameter): boolean {
  return left.kind === right.kind && JSON.stringify(left.paths) === JSON.stringify(right.paths);
}

/** One parameter per resource type of a SearchParameter resource; none where its expression is not understood. */
export function parametersOf(definition: JsonObject): readonly SearchParameter[] {
  const kind = kinds.find((candidate) => candidate === definition['type']);
  const code = textAt(definition, 'code') ?? '';
  const expression = textAt(definition, 'expression');
  if (kind === undefined || expression === undefined || isBuiltIn(code)) return [];
  return texts(definition['base']).flatMap((base) => {
    const types = base === 'Resource' || base === 'DomainResource' ? resourceTypes : [base];
    return types.flatMap((type): SearchParameter[] => {
      const paths = compilePaths(type, expression);
      if (paths.length === 0) return [];
      const targets = texts(definition['target']);
      const url = textAt(definition, 'url') ?? '';
      const name = `${type}.${code}`;
      return [{ name, indexNames: [name], type, code, kind, paths, targets, definition: url }];
    });
  });
}

/** Answered by the primary keys of the resource table, so they need no index rows. */
function isBuiltIn(code: string): boolean {
  return code === '_id' || code === '_lastUpdated';
}

function texts(value: JsonObject[string]): readonly string[] {
  return itemsOf(value).filter((item) => typeof item === 'string');
}
