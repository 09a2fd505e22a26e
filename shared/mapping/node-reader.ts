import { elementText } from './element-text.ts';
import { referenceReader } from './fhir-reference.ts';
import type { Source, TextType } from './map-source.ts';
import { type CompiledPath, compileChoice, compilePath } from './path-compiler.ts';
import type { PathStep } from './path-syntax.ts';
import { parsePath } from './path-syntax.ts';

/** Reads values out of something: a node, or the scope of a map. */
export interface Reader<Input> {
  readonly first: (input: Input) => unknown;
  /** Never more than one value. */
  readonly single: boolean;
  readonly all: (input: Input) => readonly unknown[];
}

/** A source that reads one path, and what it makes of the values there. */
export interface NodeSource {
  /** Name of the selection that the path starts from; empty for the node of the map itself. */
  readonly selection: string;
  readonly steps: readonly PathStep[];
  /** Compiles the reader for the steps, or for what is left of them below an element. */
  readonly compile: (steps: readonly PathStep[]) => CompiledPath;
}

/** A source as one path; undefined for templates and contained resources, which read several places. */
export function nodeSource(source: Source): NodeSource | undefined {
  if (typeof source === 'string') return parsed(source, compilePath);
  if ('s' in source) return parsed(source.s, compilePath);
  if ('typeOf' in source) return parsed(source.typeOf, compileType);
  if ('textOf' in source) return parsed(source.textOf, (steps) => textPath(steps, source.type));
  return undefined;
}

function parsed(text: string, compile: NodeSource['compile']): NodeSource | undefined {
  const path = parsePath(text);
  if (path.kind === 'refused') return undefined;
  return { selection: path.selection, steps: path.steps, compile };
}

/** The values of several readers, tried in order; an empty text counts as absent. */
export function inOrder<Input>(readers: readonly Reader<Input>[]): Reader<Input> {
  const [only] = readers;
  if (readers.length === 1 && only !== undefined) return only;
  return {
    first: (input) => {
      for (const reader of readers) {
        const value = reader.first(input);
        if (value !== undefined && value !== null && value !== '') return value;
      }
      return undefined;
    },
    single: false,
    all: (input) => readers.flatMap((reader) => reader.all(input)),
  };
}

function compileType(steps: readonly PathStep[]): CompiledPath {
  const last = steps.at(-1);
  if (last?.kind === 'choice') {
    return derived(compilePath(steps.slice(0, -1)), compileChoice(last.prefix).typeName);
  }
  return derived(compilePath(steps), referenceType);
}

function textPath(steps: readonly PathStep[], type: TextType): CompiledPath {
  return derived(compilePath(steps), (value) => elementText(value, type));
}

/** What a path reads, each value turned into another; those that give nothing are left out. */
function derived(path: CompiledPath, turn: (value: unknown) => unknown): CompiledPath {
  const all = (node: unknown): readonly unknown[] =>
    path
      .all(node)
      .map(turn)
      .filter((value) => value !== undefined);
  const first = path.single
    ? (node: unknown): unknown => {
        const value = path.first(node);
        return value === undefined ? undefined : turn(value);
      }
    : (node: unknown): unknown => all(node)[0];
  return { first, single: path.single, all };
}

const readType = referenceReader(undefined);

function referenceType(element: unknown): string | undefined {
  return readType(element)?.resourceType;
}
