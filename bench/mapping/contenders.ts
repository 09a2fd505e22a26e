import { JSONPath } from 'jsonpath-plus';
import type { FhirResource } from '../../shared/mapping/index.ts';
import { type Alternatives, type Reads, toFhirPath, toJsonata, withoutChoices } from './paths.ts';

/** Something that reads the same values of a resource and its child items; it answers how many it found. */
export type Contender = (resource: FhirResource) => number | Promise<number>;

type AllReads = ReadonlyMap<string, Reads>;
type Evaluate = (node: unknown) => unknown;

/** Interpreted anew for each resource, which is how the library is used. */
export function jsonPathPlus(reads: AllReads): Contender {
  const evaluate = (path: string): Evaluate => {
    return (json) =>
      JSONPath({
        path,
        json: json as object,
        wrap: true,
        eval: 'safe',
        ignoreEvalErrors: true,
      });
  };
  return reader(reads, (path) => (path.includes('[x]') ? undefined : evaluate(path)));
}

/**
 * Compiled once per path; undefined when not installed. Choice elements (`value[x]`)
 * need the R4 model, which costs; without it they are left out.
 */
export async function fhirPathJs(
  reads: AllReads,
  { withModel }: { readonly withModel: boolean },
): Promise<Contender | undefined> {
  const [fhirpath, model] = await Promise.all([
    load('fhirpath'),
    load('fhirpath/fhir-context/r4/index.js'),
  ]);
  const compile = member(fhirpath, 'compile');
  if (compile === undefined) return undefined;
  return reader(reads, (path, type) => {
    if (withModel) return compile(toFhirPath(path, type), model) as Evaluate;
    return path.includes('[x]') ? undefined : (compile(toFhirPath(path, type)) as Evaluate);
  });
}

/** What one language makes of a path: below a type, or of an item of a child table. */
type Compile = (path: string, type?: string) => Evaluate | undefined;

/** Tries the alternatives of each value in order and stops at the first that finds something. */
function reader(reads: AllReads, compile: Compile): Contender {
  const compiled = new Map(
    [...reads].map(([type, { values, children }]) => [
      type,
      {
        values: compileAll(values, (path) => compile(path, type)),
        children: children.flatMap(({ items, values: below }) => {
          const all = compile(items, type);
          return all === undefined ? [] : [{ items: all, values: compileAll(below, compile) }];
        }),
      },
    ]),
  );
  return (resource) => {
    const own = compiled.get(resource.resourceType);
    if (own === undefined) return 0;
    let found = count(own.values, resource);
    for (const { items, values } of own.children) {
      for (const item of listOf(items(resource))) found += count(values, item);
    }
    return found;
  };
}

type Tries = readonly (readonly Evaluate[])[];

function compileAll(values: readonly Alternatives[], compile: Compile): Tries {
  return values.map((alternatives) => alternatives.flatMap((path) => compile(path) ?? []));
}

function count(values: Tries, node: unknown): number {
  let found = 0;
  for (const alternatives of values) {
    for (const evaluate of alternatives) {
      const { length } = listOf(evaluate(node));
      found += length;
      if (length > 0) break;
    }
  }
  return found;
}

function listOf(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values : [];
}

/**
 * One expression per type that builds an object of all values and child rows;
 * undefined when not installed. All sources are read side by side, which takes it
 * half the time of trying them in order (`??`).
 */
export async function jsonata(reads: AllReads): Promise<Contender | undefined> {
  const module = await load('jsonata');
  const compile = typeof module === 'function' ? module : member(module, 'default');
  if (compile === undefined) return undefined;
  const compiled = new Map(
    [...reads].map(([type, { values, children }]) => {
      const rows = children.map(
        ({ items, values: below }, index) =>
          `"t${index}": ${toJsonata(items)}.{${fieldsOf(below).join(', ')}}`,
      );
      const expression = compile(`{${[...fieldsOf(values), ...rows].join(', ')}}`);
      return [type, expression as { readonly evaluate: Evaluate }];
    }),
  );
  return async (resource) => {
    const values = await compiled.get(resource.resourceType)?.evaluate(resource);
    return Object.keys(values ?? {}).length;
  };
}

function fieldsOf(values: readonly Alternatives[]): readonly string[] {
  return values.flatMap(withoutChoices).map((path, index) => `"c${index}": ${toJsonata(path)}`);
}

/** Both are optional: the bench says what it could not compare with. */
async function load(name: string): Promise<unknown> {
  try {
    const module: unknown = await import(name);
    return member(module, 'compile') === undefined
      ? (Reflect.get(Object(module), 'default') ?? module)
      : module;
  } catch {
    return undefined;
  }
}

type Callable = (...args: readonly unknown[]) => unknown;

function member(object: unknown, name: string): Callable | undefined {
  const found: unknown = Reflect.get(Object(object), name);
  return typeof found === 'function' ? (...args) => found.call(object, ...args) : undefined;
}
