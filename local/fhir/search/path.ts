import { schemaDefinitions } from '../definitions.ts';
import { isArray, isObject, type Json, type JsonObject, objectAt, textAt } from '../json.ts';

/**
 * The search parameters of R4 use a small part of FHIRPath. Compiling that part
 * once gives extraction at a few microseconds per resource, where a general
 * FHIRPath engine takes a millisecond.
 */
export type PathStep =
  | { readonly kind: 'child'; readonly names: readonly string[] }
  | { readonly kind: 'where'; readonly field: string; readonly value: string }
  | { readonly kind: 'target'; readonly type: string }
  | { readonly kind: 'first' }
  | { readonly kind: 'present' };

export type Path = readonly PathStep[];

/** Compiles the parts of a union expression that apply to `type`; parts outside the subset are left out. */
export function compilePaths(type: string, expression: string): readonly Path[] {
  return splitOutsideParentheses(expression, '|')
    .map((part) => ungroup(withFunctions(part.trim())))
    .filter((part) => /^(Resource|DomainResource)\./.test(part) || part.startsWith(`${type}.`))
    .flatMap((part) => compilePath(type, part) ?? []);
}

function compilePath(type: string, source: string): readonly [Path] | undefined {
  const presence = /^(\S+)\.exists\(\) and \S+ != false$/.exec(source);
  if (presence?.[1] !== undefined) {
    const inner = compilePath(type, presence[1]);
    return inner && [[...inner[0], { kind: 'present' }]];
  }
  const steps: PathStep[] = [];
  let element = type;
  const parts = splitOutsideParentheses(source, '.').slice(1);
  for (const [index, part] of parts.entries()) {
    const call = functionStep(part);
    if (call !== undefined) {
      steps.push(call);
      continue;
    }
    if (/^(?:ofType|as)\(/.test(part)) continue;
    const name = part.replace(/\[0\]$/, '');
    if (!/^[a-z]\w*$/.test(name)) return undefined;
    const names = elementNames(
      element,
      name,
      /^(?:ofType|as)\((\w+)\)$/.exec(parts[index + 1] ?? '')?.[1],
    );
    steps.push({ kind: 'child', names });
    if (part.endsWith('[0]')) steps.push({ kind: 'first' });
    element = elementType(element, names[0] ?? name);
  }
  return [steps];
}

/** The schema's name of the type of the elements that a path of child steps selects. */
export function typeAtPath(type: string, path: Path): string {
  return path.reduce(
    (element, step) =>
      step.kind === 'child' ? elementType(element, step.names[0] ?? '') : element,
    type,
  );
}

function functionStep(part: string): PathStep | undefined {
  const target = /^where\(resolve\(\) is (\w+)\)$/.exec(part)?.[1];
  if (target !== undefined) return { kind: 'target', type: target };
  const where = /^where\((\w+)\s*=\s*'([^']*)'\)$/.exec(part);
  if (where?.[1] === undefined || where[2] === undefined) return undefined;
  return { kind: 'where', field: where[1], value: where[2] };
}

/** JSON property names of an element: one, or all `valueX` forms of a choice, or the one chosen by `ofType`. */
function elementNames(type: string, name: string, chosen: string | undefined): readonly string[] {
  if (chosen !== undefined) return [`${name}${chosen.charAt(0).toUpperCase()}${chosen.slice(1)}`];
  const properties = propertiesOf(type);
  if (name in properties) return [name];
  const choice = new RegExp(`^${name}[A-Z]`);
  const forms = Object.keys(properties).filter((key) => choice.test(key));
  return forms.length === 0 ? [name] : forms;
}

function elementType(type: string, name: string): string {
  const property = objectAt(propertiesOf(type), name);
  if (property === undefined) return '';
  const reference = textAt(property, '$ref') ?? textAt(objectAt(property, 'items') ?? {}, '$ref');
  return reference?.slice(reference.lastIndexOf('/') + 1) ?? '';
}

function propertiesOf(type: string): JsonObject {
  return objectAt(objectAt(schemaDefinitions, type) ?? {}, 'properties') ?? {};
}

/** `A.b as C` and `A.extension('u')` in the forms that the rest here reads. */
function withFunctions(source: string): string {
  return source
    .replace(/([\w.]+) as (\w+)/g, '$1.ofType($2)')
    .replace(/\bextension\(('[^']*')\)/g, 'extension.where(url=$1)');
}

/** Removes grouping parentheses, keeps those of calls: `(A.b.ofType(C)).d` becomes `A.b.ofType(C).d`. */
function ungroup(source: string): string {
  const open = source.search(/(?<!\w)\(/);
  if (open < 0) return source;
  let depth = 0;
  for (let index = open; index < source.length; index += 1) {
    if (source[index] === '(') depth += 1;
    if (source[index] === ')') depth -= 1;
    if (depth > 0) continue;
    return ungroup(source.slice(0, open) + source.slice(open + 1, index) + source.slice(index + 1));
  }
  return source;
}

function splitOutsideParentheses(source: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < source.length; index += 1) {
    const character = source[index];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character !== separator || depth > 0) continue;
    parts.push(source.slice(start, index));
    start = index + 1;
  }
  return [...parts, source.slice(start)];
}

/** All values that a path selects in a resource, in document order. */
export function evaluatePath(path: Path, resource: JsonObject): readonly Json[] {
  if (findsNothing(path, resource)) return nothing;
  let values: Json[] = [resource];
  for (const step of path) {
    values = applyStep(step, values);
    if (values.length === 0 && step.kind !== 'present') return values;
  }
  return values;
}

const nothing: readonly Json[] = [];

/** A path on the hot way of every write, and whether it can be walked without the lists of each step. */
export interface Walk {
  readonly path: Path;
  readonly isPlain: boolean;
}

export function walkOf(path: Path): Walk {
  return { path, isPlain: path.every(({ kind }) => kind !== 'first' && kind !== 'present') };
}

/** Calls `take` for what a path selects. */
export function visitPath({ path, isPlain }: Walk, from: JsonObject, take: TakeElement): void {
  if (isPlain) visitStep({ path, take }, 0, from);
  else for (const value of evaluatePath(path, from)) take(value);
}

export type TakeElement = (element: Json) => void;

interface Visit {
  readonly path: Path;
  readonly take: TakeElement;
}

function visitStep(visit: Visit, position: number, value: Json): void {
  const step = visit.path[position];
  if (step === undefined) {
    visit.take(value);
    return;
  }
  if (step.kind !== 'child') {
    if (applyStep(step, [value]).length > 0) visitStep(visit, position + 1, value);
    return;
  }
  if (!isObject(value)) return;
  for (const name of step.names) {
    const child = value[name];
    if (child !== undefined && child !== null) visitChild(visit, position + 1, child);
  }
}

function visitChild(visit: Visit, position: number, child: Json): void {
  if (!isArray(child)) visitStep(visit, position, child);
  else for (const item of child) if (item !== null) visitStep(visit, position, item);
}

/** Most parameters of a type find nothing in a given resource, which its first element names tell. */
function findsNothing(path: Path, resource: JsonObject): boolean {
  const names = elementsNeeded(path);
  if (names === undefined) return false;
  for (const name of names) if (resource[name] !== undefined) return false;
  return true;
}

/** Elements of the resource of which a path needs one to find anything; undefined when it may find something without. */
export function elementsNeeded(path: Path): readonly string[] | undefined {
  const first = path[0];
  if (first?.kind !== 'child' || path.at(-1)?.kind === 'present') return undefined;
  return first.names;
}

function applyStep(step: PathStep, values: Json[]): Json[] {
  switch (step.kind) {
    case 'child':
      return childrenOf(values, step.names);
    case 'where':
      return values.filter((value) => isObject(value) && value[step.field] === step.value);
    case 'target':
      return values.filter((value) => isReferenceTo(value, step.type));
    case 'first':
      return values.slice(0, 1);
    case 'present':
      return [values.length > 0 && values[0] !== false];
  }
}

function childrenOf(values: readonly Json[], names: readonly string[]): Json[] {
  const found: Json[] = [];
  for (const value of values) {
    if (!isObject(value)) continue;
    for (const name of names) collect(value[name], found);
  }
  return found;
}

function collect(child: Json | undefined, found: Json[]): void {
  if (child === undefined || child === null) return;
  if (!isArray(child)) found.push(child);
  else for (const item of child) if (item !== null) found.push(item);
}

function isReferenceTo(value: Json, type: string): boolean {
  if (!isObject(value)) return false;
  if (value['type'] === type) return true;
  const reference = textAt(value, 'reference');
  return (
    reference !== undefined && (reference.startsWith(`${type}/`) || reference.includes(`/${type}/`))
  );
}
