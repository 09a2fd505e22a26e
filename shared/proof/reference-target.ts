const relative =
  /^([A-Z][A-Za-z]{0,63}\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?(?:#.*)?$/;

/**
 * `Type/id` that a literal reference points at on the service itself (FHIR R4 2.3.0.1), whichever
 * version of it; undefined for contained (`#a`), `urn:`, conditional and foreign references.
 * @param bases base URLs of the services, without a slash at the end
 */
export function referenceTarget(reference: string, bases: readonly string[]): string | undefined {
  return relative.exec(belowBase(reference, bases))?.[1];
}

function belowBase(reference: string, bases: readonly string[]): string {
  if (!reference.startsWith('http')) return reference;
  const base = bases.find((one) => reference.startsWith(`${one}/`));
  return base === undefined ? reference : reference.slice(base.length + 1);
}
