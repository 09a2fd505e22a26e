import { isArray, isObject, itemsOf, type Json, type JsonObject } from '../json.ts';

/**
 * One FHIR element as JSON splits it: its value, and for a primitive the id and
 * extensions that stand beside it under `_name` (FHIR R4 json, "primitive").
 */
export interface Element {
  readonly value: Json | undefined;
  readonly sibling: Json | undefined;
}

/** Where an object stands in a resource: property names and list positions from the root. */
export type Pointer = readonly (string | number)[];

/** The elements under `name`, in order; a single one as a list of one. */
export function elementsAt(parent: JsonObject, name: string): readonly Element[] {
  const values = itemsOf(parent[name]);
  const siblings = itemsOf(parent[`_${name}`]);
  return Array.from({ length: Math.max(values.length, siblings.length) }, (_, index) => ({
    value: values[index] ?? undefined,
    sibling: siblings[index] ?? undefined,
  }));
}

/** The parent with `elements` under `name`; properties without content are left out. */
export function withElements(
  parent: JsonObject,
  name: string,
  { elements, isList }: { readonly elements: readonly Element[]; readonly isList: boolean },
): JsonObject {
  return {
    ...parent,
    [name]: packed(elements, 'value', isList),
    [`_${name}`]: packed(elements, 'sibling', isList),
  };
}

function packed(
  elements: readonly Element[],
  part: 'value' | 'sibling',
  isList: boolean,
): Json | undefined {
  const items = elements.map((element) => element[part]);
  if (items.every((item) => item === undefined)) return undefined;
  // A list of primitives is padded with null where only the other part has content.
  return isList ? items.map((item) => item ?? null) : items[0];
}

export function objectAtPointer(root: JsonObject, pointer: Pointer): JsonObject {
  let value: Json | undefined = root;
  for (const step of pointer) value = childOf(value, step);
  return isObject(value) ? value : {};
}

function childOf(value: Json | undefined, step: string | number): Json | undefined {
  if (typeof step === 'number') return isArray(value) ? value[step] : undefined;
  return isObject(value) ? value[step] : undefined;
}

/** The root with the object at `pointer` changed. What becomes empty by it goes, up to the root. */
export function changedAt(
  root: JsonObject,
  pointer: Pointer,
  change: (object: JsonObject) => JsonObject,
): JsonObject {
  const result = changed(root, pointer, change);
  return isObject(result) ? result : {};
}

function changed(
  value: Json | undefined,
  [step, ...rest]: Pointer,
  change: (object: JsonObject) => JsonObject,
): Json | undefined {
  if (step === undefined) return filled(isObject(value) ? change(value) : value);
  const child = changed(childOf(value, step), rest, change);
  if (typeof step === 'number') {
    const items = itemsOf(value);
    const kept = child === undefined ? items.toSpliced(step, 1) : items.toSpliced(step, 1, child);
    return kept.length === 0 ? undefined : kept;
  }
  return filled({ ...(isObject(value) ? value : {}), [step]: child });
}

function filled(value: Json | undefined): Json | undefined {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
