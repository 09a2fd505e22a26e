import { JSONPath } from 'jsonpath-plus';
import type { FhirResource } from '../../shared/mapping/index.ts';
import { toFhirPath, toJsonata } from './paths.ts';

/** Something that reads the same elements of a resource; it answers how many it found. */
export type Contender = (resource: FhirResource) => number | Promise<number>;

type Paths = ReadonlyMap<string, readonly string[]>;

/** Interpreted anew for each resource, which is how the library is used. */
export function jsonPathPlus(paths: Paths): Contender {
  return (resource) => {
    let found = 0;
    for (const path of paths.get(resource.resourceType) ?? []) {
      const values: unknown = JSONPath({
        path,
        json: resource,
        wrap: true,
        eval: 'safe',
        ignoreEvalErrors: true,
      });
      found += Array.isArray(values) ? values.length : 0;
    }
    return found;
  };
}

type Evaluate = (resource: FhirResource) => unknown;

/** Compiled once per path; undefined when the package is not installed. */
export async function fhirPathJs(paths: Paths): Promise<Contender | undefined> {
  const fhirpath = await load('fhirpath');
  const compile = member(fhirpath, 'compile');
  if (compile === undefined) return undefined;
  const compiled = new Map(
    [...paths].map(([type, own]) => [
      type,
      own.map((path) => compile(toFhirPath(path, type)) as Evaluate),
    ]),
  );
  return (resource) => {
    let found = 0;
    for (const evaluate of compiled.get(resource.resourceType) ?? []) {
      const values = evaluate(resource);
      found += Array.isArray(values) ? values.length : 0;
    }
    return found;
  };
}

/** One expression per type that builds an object of all values; undefined when the package is not installed. */
export async function jsonata(paths: Paths): Promise<Contender | undefined> {
  const module = await load('jsonata');
  const compile = typeof module === 'function' ? module : member(module, 'default');
  if (compile === undefined) return undefined;
  const compiled = new Map(
    [...paths].map(([type, own]) => {
      const fields = own.map((path, index) => `"c${index}": ${toJsonata(path)}`);
      const expression = compile(`{${fields.join(', ')}}`) as { readonly evaluate: Evaluate };
      return [type, expression];
    }),
  );
  return async (resource) => {
    const values = await compiled.get(resource.resourceType)?.evaluate(resource);
    return Object.keys(values ?? {}).length;
  };
}

/** Both are optional: the bench says what it could not compare with. */
async function load(name: string): Promise<unknown> {
  try {
    const module: unknown = await import(name);
    return member(module, 'compile') === undefined
      ? (member(module, 'default') ?? Reflect.get(Object(module), 'default'))
      : module;
  } catch {
    return undefined;
  }
}

type Callable = (argument: unknown) => unknown;

function member(object: unknown, name: string): Callable | undefined {
  const found: unknown = Reflect.get(Object(object), name);
  return typeof found === 'function' ? (argument) => found.call(object, argument) : undefined;
}
