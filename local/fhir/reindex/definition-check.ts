import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import {
  isParameterKind,
  parametersOf,
  type SearchParameter,
  type SearchParameters,
} from '../search/parameters.ts';

/** A SearchParameter resource that this service can index by. */
export interface CustomParameter {
  readonly url: string;
  /** One per resource type. */
  readonly parameters: readonly SearchParameter[];
}

/**
 * Compiles a SearchParameter resource.
 * @throws FhirError 400 for one without code, type, base or expression, or with
 * an expression beyond the FHIRPath that search parameters here may use
 */
export function compileDefinition(definition: JsonObject): CustomParameter {
  const url = textAt(definition, 'url');
  const code = textAt(definition, 'code');
  const base = itemsOf(definition['base']).filter((type) => typeof type === 'string');
  if (url === undefined || code === undefined || base.length === 0) {
    throw badRequest('A SearchParameter needs url, code, type, base and expression.');
  }
  if (!isParameterKind(definition['type'])) {
    throw badRequest(
      `The search parameter '${code}' has a type that custom parameters cannot have here; use token, reference, date, string, uri, number or quantity.`,
    );
  }
  const parameters = parametersOf(definition).map((parameter) => ({
    ...parameter,
    indexNames: [`${parameter.name} ${url}`],
  }));
  const covered = new Set(parameters.map(({ type }) => type));
  const missing = base.find(
    (type) => type !== 'Resource' && type !== 'DomainResource' && !covered.has(type),
  );
  if (parameters.length === 0 || missing !== undefined) {
    throw badRequest(
      `The expression of the search parameter '${code}' cannot be evaluated for '${missing ?? base[0]}'; use element names, where(), ofType(), extension() and unions.`,
    );
  }
  return { url, parameters };
}

/** The stored SearchParameter resources that compile; others stay resources and nothing more. */
export function compileStored(definition: unknown): CustomParameter | undefined {
  if (!isObject(definition)) return undefined;
  try {
    return compileDefinition(definition);
  } catch {
    return undefined;
  }
}

export interface KnownParameters {
  readonly method: 'POST' | 'PUT';
  readonly builtIn: SearchParameters;
  readonly builtInUrls: ReadonlySet<string>;
  readonly custom: readonly CustomParameter[];
}

/** Throws 400 when a POST repeats a URL, or when another definition already has one of the codes. */
export function checkDefinition(
  { url, parameters }: CustomParameter,
  { method, builtIn, builtInUrls, custom }: KnownParameters,
): void {
  const known = builtInUrls.has(url) || custom.some((other) => other.url === url);
  if (known && method === 'POST') {
    throw badRequest(`A search parameter with the definition URL '${url}' already exists.`);
  }
  const others = custom.filter((other) => other.url !== url);
  const taken = parameters.find(({ name, type, code, kind }) => {
    const official = builtIn.get(type)?.get(code);
    if (official !== undefined) return official.definition !== url && official.kind !== kind;
    return others.some((other) => other.parameters.some((one) => one.name === name));
  });
  if (taken === undefined) return;
  throw badRequest(
    `A search parameter with the code '${taken.code}' and another definition already exists for base type '${taken.type}'.`,
  );
}
