import { columnMapsOf } from '../../shared/mapping/compile-row.ts';
import type { MapFiles } from '../../shared/mapping/index.ts';
import { asList, plainPath } from '../../shared/mapping/source-paths.ts';

/** The JSONPath expressions of every root map, selections written out; choice elements are left out. */
export function pathsByType(files: MapFiles): ReadonlyMap<string, readonly string[]> {
  return new Map(
    files.entities.map(({ content }) => {
      const select = content.select ?? {};
      const paths = columnMapsOf(content)
        .flatMap(({ source }) => (source === undefined ? [] : asList(source)))
        .flatMap((source) => plainPath(source) ?? [])
        .flatMap((path) => {
          const [, name = ''] = /^\$(\w*)/.exec(path) ?? [];
          const selected = select[name];
          if (selected === undefined) return [path];
          return asList(selected).map((one) => one + path.slice(name.length + 1));
        })
        .filter((path) => !path.includes('[x]'));
      return [content.resource, paths];
    }),
  );
}

/** A filter may hold an index of its own: `[?(@.coding[0].code=='x')]`. */
const filters = /\[\?\(?((?:[^[\]]|\[\d+\])*?)\)?\]/g;

/** The same path in FHIRPath: indexes stay, `[*]` is implied, filters become `where`. */
export function toFhirPath(path: string, resourceType: string): string {
  return (
    resourceType +
    path
      .slice(1)
      .replace(
        filters,
        (_all, test: string) => `.where(${testsIn(test, (name) => `${name}.empty()`)})`,
      )
      .replaceAll('[*]', '')
      .replace(/\[(\d+):\]/g, '.skip($1)')
  );
}

/** The same path in JSONata. */
export function toJsonata(path: string): string {
  return path
    .slice(2)
    .replace(
      filters,
      (_all, test: string) => `[${testsIn(test, (name) => `$not($exists(${name}))`)}]`,
    )
    .replaceAll('[*]', '')
    .replace(/\[(\d+):\]/g, '');
}

/** Each comparison of a filter, in the words of the other language. */
function testsIn(test: string, absent: (name: string) => string): string {
  return test
    .replaceAll('@.', '')
    .split(/\s*&&\s*/)
    .map((one) => (one.startsWith('!') ? absent(one.slice(1)) : one.replace('==', '=')))
    .join(' and ');
}
