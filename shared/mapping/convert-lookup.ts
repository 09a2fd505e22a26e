import { type Convert, replaced } from './conversion.ts';
import type { FhirReference } from './fhir-reference.ts';

export interface LookupOptions {
  /** Accepted FHIR target types. */
  readonly references: readonly string[];
  /** Table of each type that has a root map in the pack. */
  readonly tables: ReadonlyMap<string, string>;
  readonly read: (element: unknown) => FhirReference | undefined;
}

/**
 * The conversion from a FHIR Reference to a lookup. A reference to a type that
 * the column does not take gives `undefined`, so that another candidate is tried.
 */
export function referenceConverter(
  options: LookupOptions,
): (value: unknown) => ReturnType<Convert> | undefined {
  const accepted = new Set(options.references);
  return (value) => {
    const reference = options.read(value);
    if (reference === undefined) return undefined;
    const { resourceType } = reference;
    if (resourceType !== undefined && !accepted.has(resourceType)) return undefined;
    if (reference.kind === 'unresolvable') {
      return replaced('unresolvable-reference', `the reference is ${reference.why}`, null);
    }
    const table = options.tables.get(reference.resourceType);
    if (table === undefined) {
      const problem = `no root map for ${reference.resourceType} is enabled`;
      return replaced('unresolvable-reference', problem, null);
    }
    return { kind: 'reference', resourceType: reference.resourceType, id: reference.id, table };
  };
}
