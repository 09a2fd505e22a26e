import { columnMapsOf } from '../../shared/mapping/compile-row.ts';
import type { MapFiles } from '../../shared/mapping/index.ts';
import { isInUse } from '../../shared/mapping/is-in-use.ts';
import type { EntityMapFile, ExpansionMapFile } from '../../shared/mapping/map-language.ts';
import type { Source } from '../../shared/mapping/map-source.ts';
import { asList, pathsOf } from '../../shared/mapping/source-paths.ts';

/** Paths that are tried in order for one value; the first that finds something ends it. */
export type Alternatives = readonly string[];

/** What has to be read for the rows of one type: its columns and its patient, then each child table item by item. */
export interface Reads {
  readonly values: readonly Alternatives[];
  readonly children: readonly {
    readonly items: string;
    readonly values: readonly Alternatives[];
  }[];
}

/** The JSONPath expressions of every root map that is used and of its expansions, selections written out. */
export function readsByType(
  files: MapFiles,
  enabled: readonly string[],
): ReadonlyMap<string, Reads> {
  const used = files.entities.filter(({ content }) => enabled.includes(content.name));
  return new Map(used.map(({ content }) => [content.resource, readsOf(content, files)]));
}

function readsOf(content: EntityMapFile, files: MapFiles): Reads {
  const patient = typeof content.patient === 'object' ? [asList(content.patient.path)] : [];
  const children = content.attributes.flatMap((attribute) => {
    if (attribute.action !== 'Expand' || attribute.disabled === true) return [];
    const child = files.expansions.find((file) => file.content.name === attribute.expansion);
    if (child === undefined || !isInUse(child.content)) return [];
    const values = valuesOf(child.content);
    return asList(attribute.source)
      .flatMap(pathsOf)
      .map((items) => ({ items, values }));
  });
  return { values: [...valuesOf(content), ...patient], children };
}

function valuesOf(content: EntityMapFile | ExpansionMapFile): readonly Alternatives[] {
  const select = content.select ?? {};
  const writtenOut = (path: string): readonly string[] => {
    const [, name = ''] = /^\$(\w*)/.exec(path) ?? [];
    const selected = select[name];
    if (selected === undefined) return [path];
    return asList(selected).map((one) => one + path.slice(name.length + 1));
  };
  return columnMapsOf(content)
    .map(({ source }) => (source === undefined ? [] : asList(source)))
    .map((sources) => sources.flatMap(readable).flatMap(writtenOut))
    .filter((alternatives) => alternatives.length > 0);
}

/** Contained resources are left out: no other language here follows `#id` by a path alone. */
function readable(source: Source): readonly string[] {
  if (typeof source === 'object' && 'contained' in source) return [];
  if (typeof source !== 'object' || !('typeOf' in source)) return pathsOf(source);
  return source.typeOf.endsWith('[x]') ? [source.typeOf] : [`${source.typeOf}.reference`];
}

/** A filter may hold an index of its own: `[?(@.coding[0].code=='x')]`. */
const filters = /\[\?\(?((?:[^[\]]|\[\d+\])*?)\)?\]/g;

/** The same path in FHIRPath: indexes stay, `[*]` is implied, filters become `where`, `value[x]` is `value`. */
export function toFhirPath(path: string, resourceType = ''): string {
  const below = path
    .slice(1)
    .replace(
      filters,
      (_all, test: string) => `.where(${testsIn(test, (name) => `${name}.empty()`)})`,
    )
    .replaceAll('[*]', '')
    .replaceAll('[x]', '')
    .replace(/\[(\d+):\]/g, '.skip($1)');
  if (resourceType !== '') return resourceType + below;
  return below === '' ? '$this' : below.slice(1);
}

/** The same path in JSONata. */
export function toJsonata(path: string): string {
  const below = path
    .slice(2)
    .replace(
      filters,
      (_all, test: string) => `[${testsIn(test, (name) => `$not($exists(${name}))`)}]`,
    )
    .replaceAll('[*]', '')
    .replace(/\[(\d+):\]/g, '');
  return below === '' ? '$' : below;
}

/** The alternatives that a language without choice elements can read. */
export function withoutChoices(alternatives: Alternatives): Alternatives {
  return alternatives.filter((path) => !path.includes('[x]'));
}

/** Each comparison of a filter, in the words of the other language. */
function testsIn(test: string, absent: (name: string) => string): string {
  return test
    .replaceAll('@.', '')
    .split(/\s*&&\s*/)
    .map((one) => (one.startsWith('!') ? absent(one.slice(1)) : one.replace('==', '=')))
    .join(' and ');
}
