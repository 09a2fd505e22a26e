import { z } from 'zod';

export const path = z.string().min(1).describe('Path into the resource, see docs/maps.md.');

/** FHIR data types that have one line of text of their own. */
const textTypes = [
  ...['HumanName', 'Address', 'ContactPoint', 'Period', 'Quantity', 'Range', 'Ratio', 'Money'],
  ...['CodeableConcept', 'Coding', 'Reference', 'Identifier', 'Annotation'],
] as const;

export type TextType = (typeof textTypes)[number];

const source = z.union([
  path,
  z.strictObject({ s: path }).describe("The product's FHIR Element Map."),
  z
    .strictObject({ typeOf: path })
    .describe('The FHIR type name of a choice element ($.value[x]) or of a reference target.'),
  z
    .strictObject({ template: z.string().min(1) })
    .describe('Text with paths in braces; text in [ ] is left out when its paths are absent.'),
  z
    .strictObject({ textOf: path, type: z.enum(textTypes) })
    .describe('A FHIR data type as one line of text.'),
  z
    .strictObject({ contained: path, path })
    .describe('A path into the contained resource that a reference of this one names.'),
]);

/** Where the value of an attribute comes from. */
export const sources = z.union([source, z.array(source).min(1)]).describe('Tried in order.');

export type Sources = z.infer<typeof sources>;
export type Source = z.infer<typeof source>;
