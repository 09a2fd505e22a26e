import type { CodeableConcept, Quantity, Reference, Resource } from '@medplum/fhirtypes';

/** Any FHIR resource with an id; readers of foreign data promise no more than this. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id: string;
}

/** A generated resource: typed by FHIR R4, and its id is there. */
export type Identified<T extends Resource> = T & { id: string };

/** One code with its display: [code, display]. */
export type Code = readonly [code: string, display: string];

export const systems = {
  snomed: 'http://snomed.info/sct',
  loinc: 'http://loinc.org',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  icd10: 'http://hl7.org/fhir/sid/icd-10-cm',
  cvx: 'http://hl7.org/fhir/sid/cvx',
  ucum: 'http://unitsofmeasure.org',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
} as const;

/** A concept of one coding whose display is the text. */
export function concept(system: string, [code, display]: Code): CodeableConcept {
  return { coding: [{ system, code, display }], text: display };
}

/** HL7's own small code systems: `terminology('observation-category', ['laboratory', 'Laboratory'])`. */
export function terminology(name: string, code: Code): CodeableConcept {
  return concept(`http://terminology.hl7.org/CodeSystem/${name}`, code);
}

export function quantity(value: number, unit: string): Quantity {
  return { value, unit, system: systems.ucum, code: unit };
}

export function referenceTo<T extends Resource>(resource: Identified<T>): Reference<T> {
  return { reference: `${resource.resourceType}/${resource.id}` };
}
