import { z } from 'zod';
import { codingSchema, conceptSchema } from './coding.ts';

/**
 * The R4 Consent resource, strictly: an element that is not known here (an R5 `decision`, a
 * misspelt `actors`, any `modifierExtension`) could change what the consent says, so that it makes
 * the consent unreadable. Elements without a say in the decision are named and let through.
 */
const referenceSchema = z.object({ reference: z.string().optional() });
const periodSchema = z.object({ start: z.string().optional(), end: z.string().optional() });
const unused = z.unknown().optional();

export const provisionSchema = z.strictObject({
  id: unused,
  extension: unused,
  type: z.enum(['permit', 'deny']).optional(),
  period: periodSchema.optional(),
  actor: z
    .array(
      z.strictObject({ id: unused, extension: unused, role: unused, reference: referenceSchema }),
    )
    .min(1)
    .optional(),
  action: z.array(conceptSchema).min(1).optional(),
  securityLabel: z.array(codingSchema).min(1).optional(),
  purpose: z.array(codingSchema).min(1).optional(),
  class: z.array(codingSchema).min(1).optional(),
  code: z.array(conceptSchema).min(1).optional(),
  dataPeriod: periodSchema.optional(),
  data: z
    .array(
      z.strictObject({
        id: unused,
        extension: unused,
        meaning: z.enum(['instance', 'related', 'dependents', 'authoredby']),
        reference: referenceSchema,
      }),
    )
    .min(1)
    .optional(),
  provision: z.array(z.unknown()).optional(),
});

export type ProvisionElement = z.infer<typeof provisionSchema>;
export type Reference = z.infer<typeof referenceSchema>;
export type Period = z.infer<typeof periodSchema>;

export const consentSchema = z.strictObject({
  resourceType: z.literal('Consent'),
  id: z.string().optional(),
  meta: z.object({ versionId: z.string().optional() }).optional(),
  language: unused,
  text: unused,
  contained: unused,
  extension: unused,
  identifier: unused,
  status: z.literal('active'),
  scope: conceptSchema.optional(),
  category: z.array(conceptSchema).optional(),
  patient: referenceSchema.optional(),
  dateTime: z.string().optional(),
  performer: unused,
  organization: unused,
  sourceAttachment: unused,
  sourceReference: unused,
  policy: unused,
  policyRule: conceptSchema.optional(),
  verification: unused,
  provision: unused,
});

/** Drops `_element` keys: extensions of primitive values carry no rule of their own. */
export function withoutPrimitiveExtensions(
  element: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(element).filter(([name]) => !name.startsWith('_')));
}
