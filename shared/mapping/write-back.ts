import type { CompileContext } from './compile-column.ts';
import { columnMapsOf } from './compile-row.ts';
import { toDateTime } from './convert-date.ts';
import { type Inverse, inverseOf, noInverse } from './inverse-value.ts';
import type { ColumnMap, EntityMapFile } from './map-language.ts';
import type {
  ColumnValue,
  FhirResource,
  MapProblem,
  MappedRow,
  Writeback,
  WritebackResult,
} from './map-pack.ts';
import { oneWayReason } from './one-way-reason.ts';
import { compilePath } from './path-compiler.ts';
import { type ParsedPath, type PathStep, parsePath } from './path-syntax.ts';
import { compilePathWriter, type WritePath } from './path-writer.ts';
import { asList, pathText, plainPath } from './source-paths.ts';

/** One place of the resource that a column may come from. */
interface Place {
  readonly read: (resource: FhirResource) => unknown;
  readonly write: WritePath;
}

interface ColumnLens {
  readonly attribute: ColumnMap;
  readonly places: readonly Place[];
  readonly inverse: Inverse;
}

/**
 * The way back of a root map. It is a lens, and checks itself: a column that the
 * resource shows already changes nothing, and a change counts only if mapping the
 * new resource gives the wanted column; anything else is refused, never guessed.
 */
export function compileWriteback(
  file: EntityMapFile,
  map: (resource: FhirResource) => MappedRow,
  context: Pick<CompileContext, 'values'>,
): Writeback {
  const patientColumn = typeof file.patient === 'object' ? file.patient.column : undefined;
  const lenses = new Map<string, ColumnLens>();
  const oneWay = new Map<string, string>();
  for (const attribute of columnMapsOf(file)) {
    const lens = compileLens(attribute, file, context);
    const writable = attribute.writeback !== false && attribute.column !== patientColumn;
    if (lens !== undefined && writable) lenses.set(attribute.column, lens);
    else oneWay.set(attribute.column, oneWayReason(attribute, patientColumn));
  }
  return {
    enabled: file.writeback === true,
    messages: file.supportedMessages ?? [],
    columns: [...lenses.keys()],
    oneWay,
    put: (resource, changes) => putAll(resource, changes, { file, map, lenses, oneWay }),
  };
}

function compileLens(
  attribute: ColumnMap,
  file: EntityMapFile,
  context: Pick<CompileContext, 'values'>,
): ColumnLens | undefined {
  const inverse = inverseOf(attribute, context.values);
  if (inverse === undefined || attribute.source === undefined) return undefined;
  const places = asList(attribute.source).flatMap((source) => {
    const text = plainPath(source);
    const paths = text === undefined ? [] : pathsFromRoot(text, file);
    return paths.flatMap((steps) => compilePlace(wholeConcept(attribute, steps)));
  });
  return places.length === 0 ? undefined : { attribute, places, inverse };
}

function compilePlace(steps: readonly PathStep[]): readonly Place[] {
  const write = compilePathWriter(steps);
  return write === undefined ? [] : [{ read: compilePath(steps).first, write }];
}

/**
 * A code is not exchanged alone inside its coding, whose system, display and
 * sister codings would belie it: the whole coding or concept is written instead.
 */
function wholeConcept({ action }: ColumnMap, steps: readonly PathStep[]): readonly PathStep[] {
  const names = steps.map((step) => (step.kind === 'member' ? step.name : step.kind));
  if (action !== 'Mapped Value' || names.at(-1) !== 'code') return steps;
  const listed = names.at(-3) === 'coding' && names.at(-2) === 'every';
  return steps.slice(0, listed ? -3 : -1);
}

/** A path below a selection is one path per way to select. */
function pathsFromRoot(text: string, file: EntityMapFile): readonly (readonly PathStep[])[] {
  const parsed = parsePath(text);
  if (parsed.kind === 'refused') return [];
  const selected = file.select?.[parsed.selection];
  if (selected === undefined) return [parsed.steps];
  return asList(selected)
    .map(parsePath)
    .filter((path): path is ParsedPath => path.kind === 'path')
    .map((path) => [...path.steps, ...parsed.steps]);
}

interface LensContext {
  readonly file: EntityMapFile;
  readonly map: (resource: FhirResource) => MappedRow;
  readonly lenses: ReadonlyMap<string, ColumnLens>;
  readonly oneWay: ReadonlyMap<string, string>;
}

function putAll(
  resource: FhirResource,
  changes: Readonly<Record<string, ColumnValue>>,
  { file, map, lenses, oneWay }: LensContext,
): WritebackResult {
  const refused: MapProblem[] = [];
  let next = resource;
  for (const [column, wanted] of Object.entries(changes)) {
    const lens = lenses.get(column);
    const before = map(next).values[column] ?? null;
    if (isSame(before, wanted, lens?.attribute)) continue;
    const put = lens === undefined ? undefined : putColumn(next, { wanted, before }, lens);
    const shows = put === undefined ? undefined : map(put).values[column];
    if (put !== undefined && isSame(shows ?? null, wanted, lens?.attribute)) next = put;
    else refused.push(notWritable(file.name, column, { lens, reason: oneWay.get(column) }));
  }
  return { resource: next, changed: changedElements(resource, next), refused };
}

function putColumn(
  resource: FhirResource,
  { wanted, before }: { readonly wanted: ColumnValue; readonly before: ColumnValue },
  { attribute, places, inverse }: ColumnLens,
): FhirResource | undefined {
  const held = places.find(({ read }) => (read(resource) ?? null) !== null);
  const shownFromElsewhere =
    held === undefined && before !== null && before !== defaultOf(attribute);
  const place = held ?? places[0];
  if (place === undefined || shownFromElsewhere) return undefined;
  const value = inverse(wanted, place.read(resource));
  if (value === noInverse) return undefined;
  const written = place.write(resource, value);
  return isResource(written) ? written : undefined;
}

/** What the column shows while the element is absent. */
function defaultOf(attribute: ColumnMap): ColumnValue {
  if (attribute.action === 'Set Default Value') return attribute.value;
  return attribute.action === 'Mapped Value' ? (attribute.default ?? null) : null;
}

function isResource(value: unknown): value is FhirResource {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}

function isSame(left: ColumnValue, right: ColumnValue, attribute: ColumnMap | undefined): boolean {
  return comparable(left, attribute) === comparable(right, attribute);
}

function comparable(value: ColumnValue, attribute: ColumnMap | undefined): unknown {
  if (value === null || value === '') return null;
  if (typeof value !== 'object') return attribute?.type === 'datetime' ? instant(value) : value;
  return value.kind === 'reference'
    ? `${value.resourceType}/${value.id}`
    : `${value.system}|${value.code}`;
}

function instant(value: unknown): unknown {
  const converted = toDateTime(value);
  return typeof converted === 'string' ? converted : value;
}

function changedElements(before: FhirResource, after: FhirResource): readonly string[] {
  const elements = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...elements].filter((element) => before[element] !== after[element]);
}

function notWritable(
  map: string,
  column: string,
  { lens, reason }: { readonly lens: ColumnLens | undefined; readonly reason: string | undefined },
): MapProblem {
  return {
    map,
    column,
    path: lens === undefined ? '' : pathText(lens.attribute.source),
    problem: reason ?? 'the value has no single place or form in the FHIR resource',
    code: 'not-writable',
  };
}
