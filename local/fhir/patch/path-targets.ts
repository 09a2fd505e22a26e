import { evalFhirPath } from '@medplum/core';
import { isResourceType } from '../definitions.ts';
import { isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import { shapeOf } from '../validation/shape.ts';
import { type Element, elementsAt, objectAtPointer, type Pointer } from './element.ts';
import { parsePath, type Segment } from './path-segments.ts';

/** One element that a path selects. */
export interface Target {
  /** Object that holds the element; undefined for the resource itself. */
  readonly holder: Pointer | undefined;
  /** The schema's name of the holder's type. */
  readonly holderType: string;
  /** Name as the path has it: `value` where the property is `valueQuantity`. */
  readonly asked: string;
  /** JSON property of the holder, choice type included: `valueQuantity`. */
  readonly name: string;
  readonly index: number;
  readonly isList: boolean;
  /** Name of the element's type in the R4 schema; undefined for a primitive. */
  readonly type: string | undefined;
  readonly element: Element;
}

/** All elements that `path` selects in the resource, in document order. */
export function selectTargets(resource: JsonObject, path: string): readonly Target[] {
  const root: Target = {
    holder: undefined,
    holderType: '',
    asked: '',
    name: '',
    index: 0,
    isList: false,
    type: textAt(resource, 'resourceType'),
    element: { value: resource, sibling: undefined },
  };
  const [first, ...rest] = parsePath(path);
  if (first === undefined) return [];
  const isRoot =
    first.kind === 'child' &&
    (first.name === root.type || ['Resource', 'DomainResource'].includes(first.name));
  if (!isRoot && first.kind === 'child' && isResourceType(first.name)) return [];
  let targets: readonly Target[] = [root];
  for (const segment of isRoot ? rest : [first, ...rest]) {
    targets = step(resource, targets, segment);
  }
  return targets;
}

function step(
  resource: JsonObject,
  targets: readonly Target[],
  segment: Segment,
): readonly Target[] {
  switch (segment.kind) {
    case 'child':
      return targets.flatMap((target) => children(resource, target, segment.name));
    case 'index':
      return targets.slice(segment.index, segment.index + 1);
    case 'last':
      return targets.slice(-1);
    case 'ofType':
      return targets.filter((target) => isOfType(target, segment.type));
    case 'where':
      return targets.filter(({ element }) => meets(element.value, segment.condition));
  }
}

/** Position of the element's own object, for elements that have one. */
export function pointerOf({ holder, name, index, isList }: Target): Pointer {
  if (holder === undefined) return [];
  return isList ? [...holder, name, index] : [...holder, name];
}

function children(resource: JsonObject, target: Target, name: string): readonly Target[] {
  const pointer = pointerOf(target);
  const holder = objectAtPointer(resource, pointer);
  return childNames(target, name).flatMap((property) => {
    const shape = shapeOf(typeOf(target))?.elements.get(property);
    const isList = shape?.isArray ?? Array.isArray(holder[property]);
    return elementsAt(holder, property).map((element, index) => ({
      holder: pointer,
      holderType: typeOf(target),
      asked: name,
      name: property,
      index,
      isList,
      type: shape?.kind === 'object' ? shape.type : resourceTypeOf(element.value),
      element,
    }));
  });
}

/** JSON properties that the element name stands for: itself, or all forms of a choice. */
export function childNames(target: Target, name: string): readonly string[] {
  const known = shapeOf(typeOf(target))?.elements;
  if (known === undefined || known.has(name)) return [name];
  const choice = new RegExp(`^${name}[A-Z]`);
  return [...known.keys()].filter((property) => choice.test(property));
}

/** The schema's name of the type of a complex target; '' for a primitive, which has no children. */
export function typeOf({ type }: Target): string {
  return type ?? '';
}

function resourceTypeOf(value: Json | undefined): string | undefined {
  return isObject(value) ? textAt(value, 'resourceType') : undefined;
}

function isOfType({ name, type }: Target, asked: string): boolean {
  const suffix = asked.charAt(0).toUpperCase() + asked.slice(1);
  return type === asked || name.endsWith(suffix);
}

function meets(value: Json | undefined, condition: string): boolean {
  try {
    // Exact decimals are no plain numbers, so the condition sees the plain form.
    const [result] = evalFhirPath(condition, JSON.parse(JSON.stringify(value ?? null)));
    return result === true;
  } catch {
    throw badRequest('A where() in a path of the patch is no FHIRPath that can be evaluated.');
  }
}
