import type { CompileContext } from './compile-column.ts';
import { columnMapsOf, compileRow } from './compile-row.ts';
import type { ExpansionMapFile } from './map-language.ts';
import type { ExpansionMap, FhirResource, MapProblem, MappedRow } from './map-pack.ts';
import type { Sources } from './map-source.ts';
import { compileSources } from './source-reader.ts';

export interface ExpansionPlace {
  readonly file: ExpansionMapFile;
  /** The parent's path to the items. */
  readonly source: Sources;
  readonly resourceType: string;
  readonly parentTable: string;
}

/** Fills `{resource}`, so that one file serves the identifier tables of every resource. */
export function forResource(text: string, resourceType: string): string {
  return text.replace('{resource}', resourceType.toLowerCase());
}

/** Compiles one expansion below one root. */
export function compileExpansion(
  place: ExpansionPlace,
  context: Omit<CompileContext, 'slots' | 'map'>,
): ExpansionMap {
  const { file, resourceType } = place;
  const row = compileRow(file, { ...context, map: file.name });
  const items = compileSources(place.source, new Map([['', 0]]));
  const matchOn = columnMapsOf(file)
    .filter((attribute) => attribute.matching === true)
    .map((attribute) => attribute.column);
  const skips = file.onProblem === 'skip-row';
  const rowsOf = (resource: FhirResource): readonly MappedRow[] =>
    items.all([resource]).filter(isPresent).map(row.build);
  return {
    name: file.name,
    table: forResource(file.table, resourceType),
    parentColumn: forResource(file.parentLink, resourceType),
    parentTable: place.parentTable,
    columns: row.columns,
    matchOn,
    expand: (resource) => {
      const rows = rowsOf(resource);
      return firstOfEach(skips ? rows.filter(isWritable) : rows, matchOn);
    },
    skipped: (resource): readonly MapProblem[] =>
      skips ? rowsOf(resource).flatMap((found) => found.problems) : [],
  };
}

function isPresent(item: unknown): boolean {
  return item !== null && item !== undefined;
}

function isWritable(row: MappedRow): boolean {
  return row.problems.length === 0;
}

function firstOfEach(rows: readonly MappedRow[], matchOn: readonly string[]): readonly MappedRow[] {
  if (rows.length < 2) return rows;
  const byKey = new Map<string, MappedRow>();
  for (const row of rows) {
    const key = JSON.stringify(matchOn.map((column) => row.values[column]));
    if (!byKey.has(key)) byKey.set(key, row);
  }
  return [...byKey.values()];
}
