import type { ColumnMap } from './map-language.ts';
import { asList, plainPath } from './source-paths.ts';

/** Why the column of an attribute never goes back to FHIR, in words for the person who edited it. */
export function oneWayReason(attribute: ColumnMap, patientColumn: string | undefined): string {
  if (attribute.column === patientColumn)
    return 'an edit must not move a resource to another patient';
  if (attribute.writeback === false) return 'the map turns the write-back of this column off';
  if (attribute.source === undefined) return 'the column is a constant, which was never in FHIR';
  if ('join' in attribute && attribute.join !== undefined) return 'several elements are joined';
  if ('units' in attribute && attribute.units !== undefined) {
    return 'the unit that the value had in FHIR is not kept';
  }
  if (!asList(attribute.source).some((source) => plainPath(source) !== undefined)) {
    return 'the value is made up of parts of the resource';
  }
  return attribute.action === 'Mapped Value' || attribute.action === 'Lookup Codeable Concept'
    ? 'the code alone does not give the coding back'
    : 'the path names no single place in the resource';
}
