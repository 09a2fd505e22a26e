import { elementText } from './element-text.ts';
import { referenceReader } from './fhir-reference.ts';
import type { Source, Sources, TextType } from './map-source.ts';
import { type CompiledPath, compileChoice, compilePath } from './path-compiler.ts';
import { type ParsedPath, type PathStep, parsePath } from './path-syntax.ts';
import { isRecord } from './record.ts';
import { asList } from './source-paths.ts';
import { parseTemplate, type TemplateSection } from './template.ts';

/** What the paths of one map read from: the node itself, then one value per named selection. */
export type Scope = readonly unknown[];

export interface SourceReader {
  readonly first: (scope: Scope) => unknown;
  /** Never more than one value. */
  readonly single: boolean;
  readonly all: (scope: Scope) => readonly unknown[];
}

/** Slot of each root in the scope: '' is the node itself. */
export type Slots = ReadonlyMap<string, number>;

const nothing: SourceReader = { first: () => undefined, single: true, all: () => [] };

/** Compiles each source by itself, in the order in which they are tried. */
export function compileEach(sources: Sources, slots: Slots): readonly SourceReader[] {
  return asList(sources).map((source) => compileSource(source, slots));
}

/** Compiles sources that have passed the checks of the pack; they are tried in order. */
export function compileSources(sources: Sources, slots: Slots): SourceReader {
  const readers = compileEach(sources, slots);
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
    single: false,
    all: (scope) => readers.flatMap((reader) => reader.all(scope)),
  };
}

function compileSource(source: Source, slots: Slots): SourceReader {
  if (typeof source === 'string') return pathReader(source, slots);
  if ('s' in source) return pathReader(source.s, slots);
  if ('typeOf' in source) return pathReader(source.typeOf, slots, typeReader);
  if ('textOf' in source) return textReader(source, slots);
  if ('contained' in source) return containedReader(source, slots);
  return templateReader(source.template, slots);
}

function pathReader(
  text: string,
  slots: Slots,
  compile: (parsed: ParsedPath) => CompiledPath = ({ steps }) => compilePath(steps),
): SourceReader {
  const parsed = parsePath(text);
  if (parsed.kind === 'refused') return nothing;
  const slot = slots.get(parsed.selection) ?? 0;
  const path = compile(parsed);
  return {
    first: (scope) => path.first(scope[slot]),
    single: path.single,
    all: (scope) => path.all(scope[slot]),
  };
}

function typeReader(parsed: ParsedPath): CompiledPath {
  const last = parsed.steps.at(-1);
  if (last?.kind === 'choice') return choiceTypeReader(parsed.steps.slice(0, -1), last.prefix);
  return derived(compilePath(parsed.steps), referenceType);
}

function choiceTypeReader(steps: readonly PathStep[], prefix: string): CompiledPath {
  return derived(compilePath(steps), compileChoice(prefix).typeName);
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

function textReader(
  { textOf, type }: { readonly textOf: string; readonly type: TextType },
  slots: Slots,
): SourceReader {
  return pathReader(textOf, slots, ({ steps }) =>
    derived(compilePath(steps), (value) => elementText(value, type)),
  );
}

/** Follows `#id` to the contained resource; the scope of a root map starts with the resource itself. */
function containedReader(
  source: { readonly contained: string; readonly path: string },
  slots: Slots,
): SourceReader {
  const references = pathReader(source.contained, slots);
  const inside = pathReader(source.path, new Map([['', 0]]));
  const all = (scope: Scope): readonly unknown[] =>
    references
      .all(scope)
      .flatMap((reference) => containedIn(scope[0], reference))
      .flatMap((resource) => inside.all([resource]));
  return { first: (scope) => all(scope)[0], single: false, all };
}

function containedIn(resource: unknown, element: unknown): readonly unknown[] {
  const reference = isRecord(element) ? element['reference'] : undefined;
  const contained = isRecord(resource) ? resource['contained'] : undefined;
  if (typeof reference !== 'string' || !reference.startsWith('#')) return [];
  const items: readonly unknown[] = Array.isArray(contained) ? contained : [];
  return items.filter((item) => isRecord(item) && item['id'] === reference.slice(1));
}

type ReadText = (scope: Scope) => unknown;

function templateReader(text: string, slots: Slots): SourceReader {
  const template = parseTemplate(text);
  if (template.kind === 'refused') return nothing;
  const sections = template.sections.map((section) => sectionReader(section, slots));
  const first: ReadText = (scope) => {
    let words = '';
    for (const { optional, read } of sections) {
      const part = read(scope);
      if (typeof part === 'object') return part;
      if (part === undefined && !optional) return undefined;
      words += part ?? '';
    }
    return words.trim();
  };
  return {
    first,
    single: true,
    all: (scope) => [first(scope)].filter((value) => value !== undefined),
  };
}

/** Text of a section; undefined when a path of it is absent; an element that is no text is given back as it is. */
function sectionReader({ optional, parts }: TemplateSection, slots: Slots) {
  const readers = parts.map((part): ReadText => {
    if ('text' in part) return () => part.text;
    return pathReader(part.path, slots).first;
  });
  const read = (scope: Scope): string | object | undefined => {
    let words = '';
    for (const reader of readers) {
      const value = reader(scope);
      if (value === undefined || value === null || value === '') return undefined;
      if (typeof value === 'object') return value;
      words += String(value);
    }
    return words;
  };
  return { optional, read };
}
