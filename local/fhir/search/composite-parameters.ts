import { readObject } from '../definitions.ts';
import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { isParameterKind, type ParameterKind } from './parameters.ts';
import { compilePaths, type Path, typeAtPath } from './path.ts';

export interface CompositeComponent {
  /** URL of the search parameter that this component alone would be. */
  readonly definition: string;
  readonly kind: ParameterKind;
  /** From the element that holds all components, or from the resource. */
  readonly paths: readonly Path[];
  readonly fromResource: boolean;
}

/** A parameter whose components must match within one element (FHIR R4 search, "Composite"). */
export interface CompositeParameter {
  readonly code: string;
  readonly definition: string;
  readonly holders: readonly {
    readonly path: Path;
    readonly components: readonly CompositeComponent[];
  }[];
}

let loaded: ReadonlyMap<string, CompositeParameter> | undefined;

/** The R4 composite parameter `code` of a type. They have no index rows: see `compositeConditions`. */
export function compositeParameter(type: string, code: string): CompositeParameter | undefined {
  loaded ??= compileComposites();
  return loaded.get(`${type}.${code}`);
}

/** Names and definitions of the composite parameters of a type, for the CapabilityStatement. */
export function compositeParametersOf(type: string): readonly CompositeParameter[] {
  loaded ??= compileComposites();
  return [...loaded].flatMap(([name, composite]) =>
    name.startsWith(`${type}.`) ? [composite] : [],
  );
}

function compileComposites(): ReadonlyMap<string, CompositeParameter> {
  const definitions = itemsOf(readObject('fhir/r4/search-parameters.json')['entry']).flatMap(
    (entry) => (isObject(entry) && isObject(entry['resource']) ? [entry['resource']] : []),
  );
  const kinds = new Map(
    definitions.map((definition) => [textAt(definition, 'url') ?? '', definition['type']]),
  );
  const composites = new Map<string, CompositeParameter>();
  for (const definition of definitions) {
    if (definition['type'] !== 'composite') continue;
    for (const type of itemsOf(definition['base'])) {
      if (typeof type !== 'string') continue;
      const composite = compileComposite(type, definition, (url) => kinds.get(url));
      if (composite.holders.length > 0) composites.set(`${type}.${composite.code}`, composite);
    }
  }
  return composites;
}

function compileComposite(
  type: string,
  definition: JsonObject,
  kindOf: (url: string) => unknown,
): CompositeParameter {
  const expressions = (textAt(definition, 'expression') ?? '')
    .split('|')
    .map((part) => part.trim());
  const holders = expressions.flatMap((expression) => {
    const [path] = expression === type ? [[]] : compilePaths(type, expression);
    if (path === undefined) return [];
    const holderType = expression === type ? type : typeAtPath(type, path);
    const components = itemsOf(definition['component']).flatMap((component) =>
      isObject(component) ? compileComponent({ type, holderType, component, kindOf }) : [],
    );
    const isWhole = components.length === itemsOf(definition['component']).length;
    return isWhole ? [{ path, components }] : [];
  });
  return {
    code: textAt(definition, 'code') ?? '',
    definition: textAt(definition, 'url') ?? '',
    holders,
  };
}

function compileComponent(parts: {
  readonly type: string;
  readonly holderType: string;
  readonly component: JsonObject;
  readonly kindOf: (url: string) => unknown;
}): readonly CompositeComponent[] {
  const { type, holderType, component } = parts;
  const definition = textAt(component, 'definition') ?? '';
  const kind = parts.kindOf(definition);
  const source = textAt(component, 'expression') ?? '';
  const fromResource = source.startsWith('%resource.');
  const base = fromResource ? type : holderType;
  const paths = source
    .split('|')
    .map((part) => `${base}.${part.trim().replace('%resource.', '')}`)
    .flatMap((part) => compilePaths(base, part));
  if (!isParameterKind(kind) || paths.length === 0) return [];
  return [{ definition, kind, paths, fromResource }];
}
