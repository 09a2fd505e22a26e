import type { Source, Sources } from './map-source.ts';
import { inOrder, nodeSource, type Reader } from './node-reader.ts';
import { isRecord } from './record.ts';
import { asList } from './source-paths.ts';
import { parseTemplate, type TemplateSection } from './template.ts';

/** What the paths of one map read from: the node itself, then one value per named selection. */
export type Scope = readonly unknown[];

export type SourceReader = Reader<Scope>;

/** Slot of each root in the scope: '' is the node itself. */
export type Slots = ReadonlyMap<string, number>;

const nothing: SourceReader = { first: () => undefined, single: true, all: () => [] };

/** Compiles each source by itself, in the order in which they are tried. */
export function compileEach(sources: Sources, slots: Slots): readonly SourceReader[] {
  return asList(sources).map((source) => compileSource(source, slots));
}

/** Compiles sources that have passed the checks of the pack; they are tried in order. */
export function compileSources(sources: Sources, slots: Slots): SourceReader {
  return inOrder(compileEach(sources, slots));
}

function compileSource(source: Source, slots: Slots): SourceReader {
  if (typeof source === 'object' && 'contained' in source) return containedReader(source, slots);
  if (typeof source === 'object' && 'template' in source) {
    return templateReader(source.template, slots);
  }
  return pathReader(source, slots);
}

function pathReader(source: Source, slots: Slots): SourceReader {
  const path = nodeSource(source);
  if (path === undefined) return nothing;
  const slot = slots.get(path.selection) ?? 0;
  const { first, single, all } = path.compile(path.steps);
  return { first: (scope) => first(scope[slot]), single, all: (scope) => all(scope[slot]) };
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
