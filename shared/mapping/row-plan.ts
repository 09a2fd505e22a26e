import {
  type CompileContext,
  compileColumn,
  compileFrom,
  type PutValue,
  type RowDraft,
  type Write,
} from './compile-column.ts';
import { elementsRead } from './elements-read.ts';
import type { ColumnMap, EntityMapFile } from './map-language.ts';
import { type NodeSource, nodeSource } from './node-reader.ts';
import { type CompiledPath, choiceNames } from './path-compiler.ts';
import { isRecord } from './record.ts';
import { asList } from './source-paths.ts';
import type { Scope } from './source-reader.ts';

type Select = NonNullable<EntityMapFile['select']>;

/** What is to be done when a first-level element is there. */
export type WriteElement = (element: unknown, draft: RowDraft, scope: unknown[]) => void;

export interface RowPlan {
  /** Columns that say something of absence, or whose elements cannot be told. */
  readonly always: readonly Write<Scope>[];
  readonly byElement: ReadonlyMap<string, readonly WriteElement[]>;
  /** Slots that a scope needs: for the selections, and to remember which columns are done. */
  readonly slots: number;
}

/**
 * Most elements are absent from most resources: a column that says nothing of the
 * absence of its elements is only looked at when one of them is there.
 */
export function planWriters(
  attributes: readonly ColumnMap[],
  select: Select,
  context: CompileContext,
): RowPlan {
  const always: Write<Scope>[] = [];
  const plans = new Map<string, ElementPlan>();
  const planOf = (element: string): ElementPlan => {
    const plan = plans.get(element) ?? { readings: new Map(), writes: [] };
    plans.set(element, plan);
    return plan;
  };
  let slots = context.slots.size;
  for (const attribute of attributes) {
    const parts = partsByElement(attribute, select);
    if (parts === undefined) {
      always.push(compileColumn(attribute, context).write);
    } else {
      planParts(attribute, parts, { context, planOf, done: slots });
      if (parts.size > 1) slots += 1;
    }
  }
  const byElement = [...plans].map(([element, plan]) => [element, writersOf(plan)] as const);
  return { always, byElement: new Map(byElement), slots };
}

interface ElementPlan {
  readonly readings: Map<string, Reading>;
  readonly writes: WriteElement[];
}

/** Reads a value once and gives it to every column that is made from it. */
interface Reading {
  /** Undefined where the element itself is the value. */
  readonly read: CompiledPath['first'] | undefined;
  readonly puts: PutValue[];
}

/** The elements that a column reads, each with the sources below it where all sources are single paths. */
type Parts = ReadonlyMap<string, readonly NodeSource[] | undefined>;

/** Undefined when the column has to be looked at whatever is there. */
function partsByElement(attribute: ColumnMap, select: Select): Parts | undefined {
  const speaksOfAbsence =
    attribute.required === true ||
    attribute.action === 'Set Default Value' ||
    (attribute.action === 'Mapped Value' && attribute.default !== undefined);
  if (speaksOfAbsence || attribute.source === undefined) return undefined;
  const direct = directParts(attribute);
  if (direct !== undefined) return direct;
  const elements = elementsRead(attribute.source, select);
  if (elements !== undefined) return new Map([...elements].map((one) => [one, undefined]));
  return choiceParts(attribute);
}

function directParts({ source = [], when }: ColumnMap): Parts | undefined {
  if (when !== undefined) return undefined;
  const parts = new Map<string, NodeSource[]>();
  for (const path of asList(source).map(nodeSource)) {
    const [first, ...steps] = path?.steps ?? [];
    if (path === undefined || path.selection !== '' || first?.kind !== 'member') return undefined;
    const own = parts.get(first.name) ?? [];
    parts.set(first.name, own);
    own.push({ ...path, steps });
  }
  return parts;
}

/** A choice element goes by one of many names; all read the same. */
function choiceParts({ source = [] }: ColumnMap): Parts | undefined {
  const [only, ...others] = asList(source).map(nodeSource);
  const [first] = only?.steps ?? [];
  if (others.length > 0 || only?.selection !== '' || first?.kind !== 'choice') return undefined;
  return new Map(choiceNames(first.prefix).map((name) => [name, undefined]));
}

interface Planning {
  readonly context: CompileContext;
  readonly planOf: (element: string) => ElementPlan;
  /** Slot of the scope that says that the column is done, where it reads several elements: the first writes it. */
  readonly done: number;
}

function planParts(attribute: ColumnMap, parts: Parts, { context, planOf, done }: Planning): void {
  const elements = [...parts.keys()];
  const { write } = compileColumn(attribute, context);
  for (const [element, sources] of parts) {
    const plan = planOf(element);
    const others = elements.filter((other) => other !== element);
    if (sources === undefined) {
      const writer = typeWriter(attribute, element, context) ?? wholeWriter(write);
      plan.writes.push(others.length === 0 ? writer : once(writer, done));
    } else if (others.length === 0) {
      planElement(attribute, sources, { context, plan });
    } else {
      const part = compileFrom(attribute, readersOf(sources), context).write;
      const whole = wholeWriter(write);
      const either: WriteElement = (child, draft, scope) =>
        (isAnyThere(others, scope[0]) ? whole : part)(child, draft, scope);
      plan.writes.push(once(either, done));
    }
  }
}

function once(write: WriteElement, done: number): WriteElement {
  return (element, draft, scope) => {
    if (scope[done] !== undefined) return;
    scope[done] = true;
    write(element, draft, scope);
  };
}

function wholeWriter(write: Write<Scope>): WriteElement {
  return (_element, draft, scope) => write(scope, draft);
}

function isAnyThere(elements: readonly string[], node: unknown): boolean {
  if (!isRecord(node)) return false;
  for (const element of elements) {
    const value = node[element];
    if (value !== undefined && value !== null) return true;
  }
  return false;
}

/** The name of a choice element tells its type; nothing has to be read. */
function typeWriter(
  attribute: ColumnMap,
  element: string,
  context: CompileContext,
): WriteElement | undefined {
  const { source } = attribute;
  const isType = typeof source === 'object' && 'typeOf' in source;
  const [first, ...rest] = isType ? (nodeSource(source)?.steps ?? []) : [];
  if (first?.kind !== 'choice' || rest.length > 0 || attribute.when !== undefined) return undefined;
  const { put } = compileFrom(attribute, [], context);
  const type = element.slice(first.prefix.length);
  return put === undefined ? undefined : (_element, draft) => put(type, draft);
}

/** A column that reads one element only. */
function planElement(
  attribute: ColumnMap,
  sources: readonly NodeSource[],
  { context, plan }: { readonly context: CompileContext; readonly plan: ElementPlan },
): void {
  const readers = readersOf(sources);
  const { write, put } = compileFrom(attribute, readers, context);
  const [only, ...others] = readers;
  if (only?.single !== true || others.length > 0 || put === undefined) {
    plan.writes.push(write);
    return;
  }
  const key = JSON.stringify(attribute.source);
  const isElement = typeof attribute.source === 'string' && sources[0]?.steps.length === 0;
  const reading = plan.readings.get(key) ?? { read: isElement ? undefined : only.first, puts: [] };
  plan.readings.set(key, reading);
  reading.puts.push(put);
}

function readersOf(sources: readonly NodeSource[]): readonly CompiledPath[] {
  return sources.map(({ compile, steps }) => compile(steps));
}

function writersOf({ readings, writes }: ElementPlan): readonly WriteElement[] {
  return [...[...readings.values()].flatMap(readingWriters), ...writes];
}

function readingWriters({ read, puts }: Reading): readonly WriteElement[] {
  if (read === undefined) return puts;
  return [
    (element, draft) => {
      const value = read(element);
      if (value === undefined || value === null) return;
      for (const put of puts) put(value, draft);
    },
  ];
}
