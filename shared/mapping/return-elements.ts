import { isInUse } from './is-in-use.ts';
import type { AttributeMap, EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { Sources } from './map-source.ts';
import { parseConditions } from './path-conditions.ts';
import { parsePath } from './path-syntax.ts';
import { asList, pathsOf } from './source-paths.ts';

export interface ReturnElements {
  /** What a retrieve has to ask for with `_elements` so that every column can be mapped. */
  readonly elements: readonly string[];
  /** Those of attributes that FHIR requires: always part of an answer, whatever was asked for. */
  readonly requiredElements: readonly string[];
}

/** The product's FHIR attribute metadata: derived from the paths, where the map does not say otherwise. */
export function returnElements(
  file: EntityMapFile,
  expansions: ReadonlyMap<string, ExpansionMapFile>,
): ReturnElements {
  const used = file.attributes.filter(
    (attribute) =>
      attribute.disabled !== true &&
      (attribute.action !== 'Expand' || isUsed(expansions.get(attribute.expansion))),
  );
  const required = used.filter((attribute) => attribute.action !== 'Expand' && attribute.required);
  const patient = typeof file.patient === 'object' ? asList(file.patient.path) : [];
  const select = file.select ?? {};
  return {
    elements: sorted([
      ...used.flatMap((attribute) => elementsOf(attribute, select)),
      ...patient.flatMap((path) => firstElements(path, {})),
    ]),
    requiredElements: sorted(required.flatMap((attribute) => elementsOf(attribute, select))),
  };
}

function isUsed(expansion: ExpansionMapFile | undefined): boolean {
  return expansion !== undefined && isInUse(expansion);
}

type Select = NonNullable<EntityMapFile['select']>;

function elementsOf(attribute: AttributeMap, select: Select): readonly string[] {
  if (attribute.action === 'Expand') return sourceElements(attribute.source, select);
  if (attribute.returnElement !== undefined) return [attribute.returnElement];
  const conditions = attribute.when === undefined ? undefined : parseConditions(attribute.when);
  const tested = conditions?.kind === 'conditions' ? conditions.conditions : [];
  return [
    ...sourceElements(attribute.source, select),
    ...tested.map(({ chain }) => String(chain[0])),
  ];
}

function sourceElements(sources: Sources | undefined, select: Select): readonly string[] {
  if (sources === undefined) return [];
  return asList(sources).flatMap((source) => [
    ...pathsOf(source).flatMap((path) => firstElements(path, select)),
    ...(typeof source === 'object' && 'contained' in source ? ['contained'] : []),
  ]);
}

/** `_elements` names a choice element by its prefix (FHIR R4, search, _elements). */
function firstElements(path: string, select: Select): readonly string[] {
  const parsed = parsePath(path);
  if (parsed.kind === 'refused') return [];
  const selected = select[parsed.selection];
  if (selected !== undefined) return asList(selected).flatMap((one) => firstElements(one, {}));
  const [first] = parsed.steps;
  if (first?.kind === 'member') return [first.name];
  return first?.kind === 'choice' ? [first.prefix] : [];
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
