import { type FhirResource, isRecord, type JsonPatchOperation } from '../shared/fhir/index.ts';

interface Identifier {
  readonly system: string;
  readonly value: string;
}

/**
 * The JSON Patch that makes `identifier[]` hold exactly this one identifier of
 * its system: none when it does already, an addition when there is none, and a
 * correction when the value is another one, as after a row was made anew. Other
 * members of the identifier (use, period) stay.
 */
export function identifierPatch(
  resource: FhirResource,
  wanted: Identifier,
): readonly JsonPatchOperation[] {
  const present: unknown = resource['identifier'];
  if (!Array.isArray(present)) return [{ op: 'add', path: '/identifier', value: [wanted] }];
  const own = present.flatMap((item: unknown, index) =>
    isRecord(item) && item['system'] === wanted.system ? [{ index, value: item['value'] }] : [],
  );
  const kept = own.find(({ value }) => value === wanted.value) ?? own[0];
  if (kept === undefined) return [{ op: 'add', path: '/identifier/-', value: wanted }];
  // From the end, so that each index still means what it meant when it was read.
  const removals = own
    .filter((identifier) => identifier !== kept)
    .reverse()
    .map(({ index }): JsonPatchOperation => ({ op: 'remove', path: `/identifier/${index}` }));
  if (kept.value === wanted.value) return removals;
  const path = `/identifier/${kept.index}/value`;
  return [{ op: 'add', path, value: wanted.value }, ...removals];
}
