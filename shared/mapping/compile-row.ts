import {
  type CompileContext,
  type CompiledColumn,
  compileColumn,
  type PutValue,
  type RowDraft,
  type WriteColumn,
} from './compile-column.ts';
import { elementsRead } from './elements-read.ts';
import type { ColumnMap, EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { ColumnValue, MappedRow } from './map-pack.ts';
import { choiceNames } from './path-compiler.ts';
import { parsePath } from './path-syntax.ts';
import { isRecord } from './record.ts';
import { asList, pathsOf } from './source-paths.ts';
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

/** Reads a value once and gives it to every column that is made from it. */
interface Reading {
  readonly read: (scope: Scope) => unknown;
  readonly puts: PutValue[];
}

interface ElementPlan {
  readonly readings: Map<string, Reading>;
  readonly writes: WriteColumn[];
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
  const plans = new Map<string, ElementPlan>();
  for (const attribute of attributes) {
    const compiled = compileColumn(attribute, context);
    const elements = triggers(attribute, select);
    if (elements === undefined) always.push(compiled.write);
    for (const element of elements ?? []) {
      const plan = plans.get(element) ?? { readings: new Map(), writes: [] };
      plans.set(element, plan);
      planColumn(attribute, { compiled, plan, slots: context.slots });
    }
  }
  const byElement = [...plans].map(([element, plan]) => [element, writersOf(plan)] as const);
  return { always, byElement: new Map(byElement) };
}

function planColumn(
  attribute: ColumnMap,
  {
    compiled,
    plan,
    slots,
  }: { readonly compiled: CompiledColumn; readonly plan: ElementPlan; readonly slots: Slots },
): void {
  const { source } = attribute;
  const reader = source === undefined ? undefined : compileSources(source, slots);
  if (reader?.single !== true || compiled.put === undefined) {
    plan.writes.push(compiled.write);
    return;
  }
  const key = JSON.stringify(source);
  const reading = plan.readings.get(key) ?? { read: reader.first, puts: [] };
  plan.readings.set(key, reading);
  reading.puts.push(compiled.put);
}

function writersOf({ readings, writes }: ElementPlan): readonly WriteColumn[] {
  const shared = [...readings.values()].map(({ read, puts }): WriteColumn => {
    const [only] = puts;
    if (puts.length === 1 && only !== undefined) {
      return (scope, draft) => {
        const value = read(scope);
        if (value !== undefined && value !== null) only(value, draft);
      };
    }
    return (scope, draft) => {
      const value = read(scope);
      if (value === undefined || value === null) return;
      for (const put of puts) put(value, draft);
    };
  });
  return [...shared, ...writes];
}

/** The elements of which one has to be there for the column to hold anything; undefined when none is sure. */
function triggers(attribute: ColumnMap, select: Select): readonly string[] | undefined {
  const speaksOfAbsence =
    attribute.required === true ||
    attribute.action === 'Set Default Value' ||
    (attribute.action === 'Mapped Value' && attribute.default !== undefined);
  if (speaksOfAbsence || attribute.source === undefined) return undefined;
  const elements = elementsRead(attribute.source, select);
  if (elements !== undefined) return elements.size === 1 ? [...elements] : undefined;
  const [only, ...others] = asList(attribute.source).flatMap(pathsOf);
  const parsed = only === undefined || others.length > 0 ? undefined : parsePath(only);
  const [first] = parsed?.kind === 'path' && parsed.selection === '' ? parsed.steps : [];
  return first?.kind === 'choice' ? choiceNames(first.prefix) : undefined;
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
