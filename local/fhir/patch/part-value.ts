import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import { shapeOf } from '../validation/shape.ts';
import { type Element, elementsAt, withElements } from './element.ts';

/** The element that a value part stands for, and the JSON property it goes to. */
export interface NamedElement {
  readonly property: string;
  readonly isList: boolean;
  readonly element: Element;
}

/**
 * Reads a value part for the element `name` of a type. A choice gets its type
 * from the part: `value` with `valueQuantity` goes to `valueQuantity`.
 */
export function partValue(type: string, name: string, part: JsonObject): NamedElement {
  const given = Object.keys(part)
    .find((key) => /^_?value[A-Z]/.test(key))
    ?.replace(/^_/, '');
  const known = shapeOf(type)?.elements;
  const choice = given === undefined ? name : `${name}${given.slice('value'.length)}`;
  const property = known?.has(name) ? name : choice;
  const shape = known?.get(property);
  if (shape === undefined) throw badRequest(`Element ${name} not found when processing the patch.`);
  return { property, isList: shape.isArray, element: elementOf(part, given, shape) };
}

function elementOf(
  part: JsonObject,
  given: string | undefined,
  shape: { readonly kind: string; readonly type?: string },
): Element {
  if (given !== undefined) return { value: part[given] ?? undefined, sibling: part[`_${given}`] };
  if (isObject(part['resource'])) return { value: part['resource'], sibling: undefined };
  if (shape.type === undefined) {
    throw badRequest(
      'A value of the patch must be given as value[x], or as parts of a complex type.',
    );
  }
  return { value: anonymousValue(shape.type, part), sibling: undefined };
}

/** An element whose type has no name, such as Patient.contact, comes as one part per child. */
function anonymousValue(type: string, part: JsonObject): JsonObject {
  let built: JsonObject = {};
  for (const child of itemsOf(part['part'])) {
    if (!isObject(child)) continue;
    const { property, isList, element } = partValue(type, textAt(child, 'name') ?? '', child);
    const before = isList ? elementsAt(built, property) : [];
    built = withElements(built, property, { elements: [...before, element], isList });
  }
  return built;
}
