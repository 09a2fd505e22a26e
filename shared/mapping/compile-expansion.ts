import type { CompileContext } from './compile-column.ts';
import { columnMapsOf, compileRow } from './compile-row.ts';
import { elementsRead } from './elements-read.ts';
import { isInUse } from './is-in-use.ts';
import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { ExpandedRow, ExpansionMap, MapProblem, MappedRow } from './map-pack.ts';
import type { Sources } from './map-source.ts';
import { isRecord } from './record.ts';
import { compileSources } from './source-reader.ts';

export interface ExpansionContext extends Omit<CompileContext, 'slots' | 'map'> {
  readonly expansions: ReadonlyMap<string, ExpansionMapFile>;
}

interface ExpansionPlace {
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

export interface CompiledExpansion {
  readonly file: ExpansionMapFile;
  readonly expansion: ExpansionMap;
  /** The rows of several nodes of the parent that are one parent row. */
  readonly expandNodes: (nodes: readonly unknown[]) => readonly ExpandedRow[];
  readonly skippedNodes: (nodes: readonly unknown[]) => readonly MapProblem[];
}

/** Compiles the enabled expansions of a root map, or of an expansion map below it. */
export function compileExpansions(
  file: EntityMapFile | ExpansionMapFile,
  parent: Pick<ExpansionPlace, 'resourceType' | 'parentTable'>,
  context: ExpansionContext,
): readonly CompiledExpansion[] {
  const attributes: EntityMapFile['attributes'] = file.attributes;
  return attributes.flatMap((attribute) => {
    if (attribute.action !== 'Expand' || attribute.disabled === true) return [];
    const child = context.expansions.get(attribute.expansion);
    if (child === undefined || !isInUse(child)) return [];
    return [compileExpansion({ ...parent, file: child, source: attribute.source }, context)];
  });
}

function compileExpansion(place: ExpansionPlace, context: ExpansionContext): CompiledExpansion {
  const { file, resourceType } = place;
  const table = forResource(file.table, resourceType);
  const row = compileRow(file, { ...context, map: file.name });
  const below = compileExpansions(file, { resourceType, parentTable: table }, context);
  const readItems = itemReader(place.source);
  const matchOn = columnMapsOf(file)
    .filter((attribute) => attribute.matching === true)
    .map((attribute) => attribute.column);
  const skips = file.onProblem === 'skip-row';
  const expandNodes = (nodes: readonly unknown[]): readonly ExpandedRow[] => {
    const items = readItems(nodes);
    if (items.length === 0) return none;
    const rows = items.map(row.build);
    if (below.length === 0 && rows.length === 1) return skips ? rows.filter(isWritable) : rows;
    const kept = groupsOf(skips ? rows.map(orSkipped) : rows, matchOn);
    if (below.length === 0) return kept.map((group) => group.row);
    return kept.map(({ row: { values, problems, warnings }, members }) => {
      const own = members.map((member) => items[member]);
      const rowsBelow = below.map((child) => child.expandNodes(own));
      return { values, problems, warnings, below: rowsBelow };
    });
  };
  const skippedNodes = (nodes: readonly unknown[]): readonly MapProblem[] => {
    const items = readItems(nodes);
    const found = skips ? items.flatMap((item) => row.build(item).problems) : [];
    return [...found, ...below.flatMap((child) => child.skippedNodes(items))];
  };
  const expansion: ExpansionMap = {
    name: file.name,
    table,
    parentColumn: forResource(file.parentLink, resourceType),
    parentTable: place.parentTable,
    columns: row.columns,
    matchOn,
    expansions: below.map((child) => child.expansion),
    expand: (resource) => expandNodes([resource]),
    skipped: (resource) => skippedNodes([resource]),
  };
  return { file, expansion, expandNodes, skippedNodes };
}

const none: readonly never[] = [];

function itemReader(source: Sources): (nodes: readonly unknown[]) => readonly unknown[] {
  const items = compileSources(source, new Map([['', 0]]));
  const elements = [...(elementsRead(source, {}) ?? [])];
  const isAbsent = (node: unknown): boolean =>
    elements.length > 0 && isRecord(node) && elements.every((name) => node[name] === undefined);
  return (nodes) => {
    if (nodes.length === 1 && isAbsent(nodes[0])) return none;
    if (nodes.length > 1) return nodes.flatMap((node) => items.all([node]).filter(isPresent));
    const found = items.all(nodes);
    return found.every(isPresent) ? found : found.filter(isPresent);
  };
}

function isPresent(item: unknown): boolean {
  return item !== null && item !== undefined;
}

function isWritable(row: MappedRow): boolean {
  return row.problems.length === 0;
}

function orSkipped(row: MappedRow): MappedRow | undefined {
  return isWritable(row) ? row : undefined;
}

/** A row and the positions of the items that it stands for. */
interface Group {
  readonly row: MappedRow;
  readonly members: number[];
}

function groupsOf(
  rows: readonly (MappedRow | undefined)[],
  matchOn: readonly string[],
): readonly Group[] {
  const byKey = new Map<string, Group>();
  for (const [index, row] of rows.entries()) {
    if (row === undefined) continue;
    const key = JSON.stringify(matchOn.map((column) => row.values[column]));
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, { row, members: [index] });
    else group.members.push(index);
  }
  return [...byKey.values()];
}
