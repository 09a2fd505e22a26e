import { parseReference, referenceText } from '../fhir/index.ts';
import { type Certainty, certain, some } from './certainty.ts';
import type { Reference } from './consent-schema.ts';

/**
 * Does a reference in a consent point at one of our resources? Unknown when it cannot be resolved
 * here: identifier or display only, contained, or on another service.
 */
export function referenceMatches(
  reference: Reference | undefined,
  ours: readonly string[],
  fhirBase: string | undefined,
): Certainty {
  const literal = reference?.reference;
  if (literal === undefined || ours.length === 0) {
    return 'unknown';
  }
  const wanted = parseReference(literal, fhirBase);
  if (wanted === undefined) {
    return ours.includes(literal) ? 'yes' : 'unknown';
  }
  const text = referenceText(wanted);
  return some(
    ours.map((our) => {
      const known = parseReference(our, fhirBase);
      return certain(known === undefined ? our === literal : referenceText(known) === text);
    }),
  );
}
