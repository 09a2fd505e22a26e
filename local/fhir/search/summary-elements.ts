import { readObject } from '../definitions.ts';
import { isObject, itemsOf, type JsonObject, objectAt, textAt } from '../json.ts';

/** What `_summary` needs to know of the elements of a type, by path below it; choices as `value[x]`. */
export interface SummaryElements {
  /** All paths that the type itself defines; what lies deeper belongs to a data type. */
  readonly known: ReadonlySet<string>;
  readonly summary: ReadonlySet<string>;
  readonly mandatory: ReadonlySet<string>;
}

let loaded: ReadonlyMap<string, SummaryElements> | undefined;

/** The StructureDefinitions take most of a second to read, so that waits for the first `_summary`. */
export function summaryElements(type: string): SummaryElements | undefined {
  loaded ??= new Map(
    itemsOf(readObject('fhir/r4/profiles-resources.json')['entry']).flatMap((entry) => {
      const definition = isObject(entry) ? objectAt(entry, 'resource') : undefined;
      const name = definition && textAt(definition, 'type');
      const isType = definition?.['resourceType'] === 'StructureDefinition';
      return name !== undefined && isType ? [[name, elementsOf(definition)] as const] : [];
    }),
  );
  return loaded.get(type);
}

function elementsOf(definition: JsonObject): SummaryElements {
  const elements = itemsOf(objectAt(definition, 'snapshot')?.['element']).filter(isObject);
  const pathsWhere = (fits: (element: JsonObject) => boolean) =>
    new Set(elements.filter(fits).map((element) => belowType(textAt(element, 'path') ?? '')));
  return {
    known: pathsWhere(() => true),
    summary: pathsWhere((element) => element['isSummary'] === true),
    mandatory: pathsWhere((element) => element['min'] !== 0),
  };
}

function belowType(path: string): string {
  return path.slice(path.indexOf('.') + 1);
}

/** The path as definitions have it: a choice property such as `valueQuantity` becomes `value[x]`. */
export function definedPath(elements: SummaryElements, path: string): string | undefined {
  const plain = path.replace(/(^|\.)_(\w+)$/, '$1$2');
  if (elements.known.has(plain)) return plain;
  const last = plain.slice(plain.lastIndexOf('.') + 1);
  for (const { index } of last.matchAll(/[A-Z]/g)) {
    const choice = `${plain.slice(0, plain.length - last.length + index)}[x]`;
    if (elements.known.has(choice)) return choice;
  }
  return undefined;
}
