import { readReference } from './fhir-reference.ts';
import type { Source, Sources } from './map-language.ts';
import { type CompiledPath, compileChoice, compilePath } from './path-compiler.ts';
import { type ParsedPath, type PathStep, parsePath } from './path-syntax.ts';

/** What the paths of one map read from: the node itself, then one value per named selection. */
export type Scope = readonly unknown[];

export interface SourceReader {
  readonly first: (scope: Scope) => unknown;
  readonly all: (scope: Scope) => readonly unknown[];
}

/** Slot of each root in the scope: '' is the node itself. */
export type Slots = ReadonlyMap<string, number>;

export function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** The path text of a source, whichever of its three forms it has. */
export function sourcePath(source: Source): string {
  if (typeof source === 'string') return source;
  return 's' in source ? source.s : source.typeOf;
}

/** Compiles sources that have passed the checks of the pack; they are tried in order. */
export function compileSources(sources: Sources, slots: Slots): SourceReader {
  const readers = asList(sources).map((source) => compileSource(source, slots));
  const [only] = readers;
  if (readers.length === 1 && only !== undefined) return only;
  return {
    first: (scope) => {
      for (const reader of readers) {
        const value = reader.first(scope);
        if (value !== undefined && value !== null && value !== '') return value;
      }
      return undefined;
    },
    all: (scope) => readers.flatMap((reader) => reader.all(scope)),
  };
}

function compileSource(source: Source, slots: Slots): SourceReader {
  const parsed = parsePath(sourcePath(source));
  if (parsed.kind === 'refused') return { first: () => undefined, all: () => [] };
  const slot = slots.get(parsed.selection) ?? 0;
  const typeOf = typeof source === 'object' && 'typeOf' in source;
  const path = typeOf ? typeReader(parsed) : compilePath(parsed.steps);
  return {
    first: (scope) => path.first(scope[slot]),
    all: (scope) => path.all(scope[slot]),
  };
}

function typeReader(parsed: ParsedPath): CompiledPath {
  const last = parsed.steps.at(-1);
  if (last?.kind === 'choice') return choiceTypeReader(parsed.steps.slice(0, -1), last.prefix);
  const path = compilePath(parsed.steps);
  const all = (node: unknown): readonly unknown[] =>
    path
      .all(node)
      .map(referenceType)
      .filter((type) => type !== undefined);
  return { first: (node) => all(node)[0], all };
}

function choiceTypeReader(steps: readonly PathStep[], prefix: string): CompiledPath {
  const path = compilePath(steps);
  const { typeName } = compileChoice(prefix);
  return {
    first: (node) => typeName(path.first(node)),
    all: (node) =>
      path
        .all(node)
        .map(typeName)
        .filter((type) => type !== undefined),
  };
}

function referenceType(element: unknown): string | undefined {
  return readReference(element, undefined)?.resourceType;
}
