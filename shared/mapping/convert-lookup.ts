import { type Convert, replaced } from './conversion.ts';
import { readReference } from './fhir-reference.ts';
import { isRecord } from './record.ts';

export interface LookupOptions {
  /** Accepted FHIR target types. */
  readonly references: readonly string[];
  /** Table of each type that has a root map in the pack. */
  readonly tables: ReadonlyMap<string, string>;
  readonly baseUrl: string | undefined;
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
    if (namesOtherType(value, accepted)) return undefined;
    const reference = readReference(value, options.baseUrl);
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
    const { id } = reference;
    return { kind: 'reference', resourceType: reference.resourceType, id, table };
  };
}

/** Several columns share one reference, each for its own types: most are told apart by the first word. */
function namesOtherType(value: unknown, accepted: ReadonlySet<string>): boolean {
  const reference = isRecord(value) ? value['reference'] : undefined;
  if (typeof reference !== 'string' || !/^[A-Z]/.test(reference)) return false;
  const slash = reference.indexOf('/');
  return slash > 0 && !accepted.has(reference.slice(0, slash));
}
