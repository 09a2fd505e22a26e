import type { CompileContext, RowDraft } from './compile-column.ts';
import { clearedRows } from './copy-row.ts';
import type { ColumnMap, EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { MappedRow } from './map-pack.ts';
import { isRecord } from './record.ts';
import { planWriters, type RowPlan } from './row-plan.ts';
import { compileSources, type Slots } from './source-reader.ts';

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
  const slots = slotsOf(select);
  const attributes = columnMapsOf(file);
  const plan = planWriters(attributes, select, { ...context, slots });
  const { always, byElement } = plan;
  const scopeOf = scopeMaker(select, plan.slots);
  const columns = attributes.map(({ column }) => column);
  const cleared = clearedRows(columns);
  const build = (node: unknown): MappedRow => {
    const scope = scopeOf(node);
    const draft: RowDraft = { values: cleared(), problems: [], warnings: [] };
    for (const write of always) write(scope, draft);
    if (isRecord(node)) writeElements(node, { byElement, draft, scope });
    return draft;
  };
  return { columns, build };
}

function writeElements(
  node: Readonly<Record<string, unknown>>,
  {
    byElement,
    draft,
    scope,
  }: Pick<RowPlan, 'byElement'> & { readonly draft: RowDraft; readonly scope: unknown[] },
): void {
  for (const element in node) {
    const writers = byElement.get(element);
    if (writers === undefined) continue;
    const child = node[element];
    if (child === undefined || child === null) continue;
    for (const write of writers) write(child, draft, scope);
  }
}

/** The attribute maps that write a column and are not disabled. */
export function columnMapsOf(file: EntityMapFile | ExpansionMapFile): readonly ColumnMap[] {
  const attributes: EntityMapFile['attributes'] = file.attributes;
  return attributes.filter(
    (attribute): attribute is ColumnMap =>
      attribute.action !== 'Expand' && attribute.disabled !== true,
  );
}

function slotsOf(select: Select): Slots {
  return new Map(['', ...Object.keys(select)].map((name, index) => [name, index]));
}

/** The node in slot 0, the selections after it, and empty slots up to a size. */
function scopeMaker(select: Select, size: number): (node: unknown) => unknown[] {
  const readers = Object.values(select).map((paths) => compileSources(paths, slotsOf({})));
  const empty = Array.from({ length: size }, (): unknown => undefined);
  return (node) => {
    const scope = empty.slice();
    scope[0] = node;
    for (const [index, reader] of readers.entries()) scope[index + 1] = reader.first(scope);
    return scope;
  };
}
