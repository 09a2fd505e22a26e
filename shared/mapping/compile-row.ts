import {
  type CompileContext,
  compileColumn,
  type RowDraft,
  type WriteColumn,
} from './compile-column.ts';
import { elementsRead } from './elements-read.ts';
import type { ColumnMap, EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { ColumnValue, MappedRow } from './map-pack.ts';
import { isRecord } from './record.ts';
import { compileSources, type Scope, type Slots } from './source-reader.ts';

export interface CompiledRow {
  readonly columns: readonly string[];
  readonly build: (node: unknown) => MappedRow;
}

type Select = NonNullable<EntityMapFile['select']>;

/** Compiles the selections and the enabled columns of a root or expansion map. */
export function compileRow(
  file: EntityMapFile | ExpansionMapFile,
  context: Omit<CompileContext, 'slots'>,
): CompiledRow {
  const select = file.select ?? {};
  const { slots, scopeOf } = compileScope(select);
  const attributes = columnMapsOf(file);
  const plan = planWriters(attributes, select, { ...context, slots });
  const columns = attributes.map(({ column }) => column);
  const cleared = clearedRow(columns);
  const build = (node: unknown): MappedRow => {
    const scope = scopeOf(node);
    const draft: RowDraft = { values: { ...cleared }, problems: [], warnings: [] };
    for (const write of plan.always) write(scope, draft);
    if (isRecord(node)) {
      for (const element in node) {
        const writers = plan.byElement.get(element);
        if (writers === undefined) continue;
        for (const write of writers) write(scope, draft);
      }
    }
    return draft;
  };
  return { columns, build };
}

/**
 * A row without values. Parsed, because an object that is filled key by key
 * becomes a hash table in the engine, and copying it costs more than the mapping.
 */
function clearedRow(columns: readonly string[]): Readonly<Record<string, ColumnValue>> {
  const entries = columns.map((column) => `${JSON.stringify(column)}:null`);
  return JSON.parse(`{${entries.join(',')}}`);
}

/** The attribute maps that write a column and are not disabled. */
export function columnMapsOf(file: EntityMapFile | ExpansionMapFile): readonly ColumnMap[] {
  const attributes: EntityMapFile['attributes'] = file.attributes;
  return attributes.filter(
    (attribute): attribute is ColumnMap =>
      attribute.action !== 'Expand' && attribute.disabled !== true,
  );
}

/**
 * Most elements are absent from most resources: a column that reads one element
 * and says nothing of its absence is only looked at when the element is there.
 */
function planWriters(
  attributes: readonly ColumnMap[],
  select: Select,
  context: CompileContext,
): {
  readonly always: readonly WriteColumn[];
  readonly byElement: ReadonlyMap<string, readonly WriteColumn[]>;
} {
  const always: WriteColumn[] = [];
  const byElement = new Map<string, WriteColumn[]>();
  for (const attribute of attributes) {
    const write = compileColumn(attribute, context);
    const element = onlyElement(attribute, select);
    if (element === undefined) always.push(write);
    else byElement.set(element, [...(byElement.get(element) ?? []), write]);
  }
  return { always, byElement };
}

function onlyElement(attribute: ColumnMap, select: Select): string | undefined {
  const speaksOfAbsence =
    attribute.required === true ||
    attribute.action === 'Set Default Value' ||
    (attribute.action === 'Mapped Value' && attribute.default !== undefined);
  if (speaksOfAbsence || attribute.source === undefined) return undefined;
  const elements = elementsRead(attribute.source, select);
  return elements?.size === 1 ? [...elements][0] : undefined;
}

function compileScope(select: Select): {
  readonly slots: Slots;
  readonly scopeOf: (node: unknown) => Scope;
} {
  const names = Object.keys(select);
  const root: Slots = new Map([['', 0]]);
  const readers = Object.values(select).map((paths) => compileSources(paths, root));
  return {
    slots: new Map([['', 0], ...names.map((name, index) => [name, index + 1] as const)]),
    scopeOf: (node) => {
      const scope: unknown[] = [node];
      for (const reader of readers) scope.push(reader.first(scope));
      return scope;
    },
  };
}
