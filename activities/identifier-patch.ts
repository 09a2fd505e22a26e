import type { FhirResource, JsonPatchOperation } from '../shared/fhir/index.ts';

interface Identifier {
  readonly system: string;
  readonly value: string;
}

/**
 * The JSON Patch that makes `identifier[]` hold exactly this one identifier of
 * its system: none when it does already, an addition when there is none, and a
 * correction when the value is another one, as after a row was made anew.
 */
export function identifierPatch(
  resource: FhirResource,
  wanted: Identifier,
): readonly JsonPatchOperation[] {
  const present = resource['identifier'];
  if (!Array.isArray(present)) return [{ op: 'add', path: '/identifier', value: [wanted] }];
  const own = present.flatMap((item: unknown, index) =>
    isOfSystem(item, wanted.system) ? [index] : [],
  );
  const [first, ...others] = own;
  if (first === undefined) return [{ op: 'add', path: '/identifier/-', value: wanted }];
  const removals = others
    .reverse()
    .map((index): JsonPatchOperation => ({ op: 'remove', path: `/identifier/${index}` }));
  if (identifierValue(present[first]) === wanted.value) return removals;
  return [...removals, { op: 'replace', path: `/identifier/${first}`, value: wanted }];
}

const isOfSystem = (item: unknown, system: string): boolean =>
  typeof item === 'object' && item !== null && 'system' in item && item.system === system;

const identifierValue = (item: unknown): unknown =>
  typeof item === 'object' && item !== null && 'value' in item ? item.value : undefined;
