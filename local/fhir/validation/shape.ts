import { schemaDefinitions } from '../definitions.ts';
import { numberText } from '../exact-json.ts';
import { isObject, itemsOf, type Json, type JsonObject, objectAt, textAt } from '../json.ts';

interface Cardinality {
  readonly isArray: boolean;
  /** True for `_name`, which carries ids and extensions of the primitive `name`. */
  readonly isExtensionSibling: boolean;
}

export type ElementShape = Cardinality &
  (
    | { readonly kind: 'object'; readonly type: string }
    | { readonly kind: 'resource' }
    | {
        readonly kind: 'primitive';
        readonly accepts: (value: Json) => boolean;
        /** What the value must be, for the issue text. */
        readonly rule: string;
      }
  );

export interface TypeShape {
  readonly elements: ReadonlyMap<string, ElementShape>;
  readonly required: readonly string[];
}

const shapes = new Map<string, TypeShape | undefined>();

/** The elements of a type, compiled from the schema when first met. */
export function shapeOf(type: string): TypeShape | undefined {
  if (shapes.has(type)) return shapes.get(type);
  const definition = objectAt(schemaDefinitions, type);
  const properties = definition && objectAt(definition, 'properties');
  const shape = properties && compileType(properties, definition['required']);
  shapes.set(type, shape);
  return shape;
}

function compileType(properties: JsonObject, required: Json | undefined): TypeShape {
  const elements = new Map<string, ElementShape>();
  for (const [name, property] of Object.entries(properties)) {
    if (isObject(property)) elements.set(name, compileElement(name, property));
  }
  return { elements, required: itemsOf(required).filter((name) => typeof name === 'string') };
}

function compileElement(name: string, property: JsonObject): ElementShape {
  const items = objectAt(property, 'items');
  const cardinality = { isArray: items !== undefined, isExtensionSibling: name.startsWith('_') };
  const single = items ?? property;
  const reference = textAt(single, '$ref');
  if (reference === undefined) return { ...cardinality, ...inlinePrimitive(single) };
  const type = reference.slice(reference.lastIndexOf('/') + 1);
  if (type === 'ResourceList') return { ...cardinality, kind: 'resource' };
  const definition = objectAt(schemaDefinitions, type) ?? {};
  if (definition['properties'] !== undefined) return { ...cardinality, kind: 'object', type };
  return { ...cardinality, ...namedPrimitive(type, definition) };
}

type PrimitiveShape = Extract<ElementShape, { kind: 'primitive' }>;
type Primitive = Omit<PrimitiveShape, keyof Cardinality>;

function inlinePrimitive(property: JsonObject): Primitive {
  const codes =
    property['enum'] ?? (property['const'] === undefined ? undefined : [property['const']]);
  if (codes === undefined) return namedPrimitive('value', property);
  const allowed = new Set(itemsOf(codes));
  return {
    kind: 'primitive',
    accepts: (value) => allowed.has(value),
    rule: 'must be a code of its required value set',
  };
}

function namedPrimitive(name: string, definition: JsonObject): Primitive {
  const pattern = new RegExp(textAt(definition, 'pattern') ?? '');
  const rule = `must be a FHIR ${name}`;
  switch (definition['type']) {
    case 'boolean':
      return { kind: 'primitive', accepts: (value) => typeof value === 'boolean', rule };
    case 'number':
      return {
        kind: 'primitive',
        accepts: (value) => pattern.test(numberText(value) ?? 'none'),
        rule,
      };
    default:
      return {
        kind: 'primitive',
        accepts: (value) => typeof value === 'string' && value !== '' && pattern.test(value),
        rule,
      };
  }
}
