import { isRecord } from './record.ts';

/** What a FHIR Reference points to, as far as it can be told from the resource alone. */
export type FhirReference =
  | { readonly kind: 'target'; readonly resourceType: string; readonly id: string }
  | { readonly kind: 'unresolvable'; readonly resourceType?: string; readonly why: string };

const logicalId = /^[A-Za-z0-9.-]{1,64}$/;
const typeName = /^[A-Z][A-Za-z]+$/;

/** Reads a Reference element; absolute URLs count as ours only below `baseUrl` (no trailing slash). */
export function readReference(
  element: unknown,
  baseUrl: string | undefined,
): FhirReference | undefined {
  if (!isRecord(element)) return undefined;
  const { reference, type } = element;
  const declared = typeof type === 'string' ? { resourceType: type } : {};
  if (typeof reference !== 'string') {
    const logical = element['identifier'] !== undefined;
    return logical ? { kind: 'unresolvable', why: 'a logical reference', ...declared } : undefined;
  }
  const own =
    baseUrl !== undefined && reference.startsWith(`${baseUrl}/`)
      ? reference.slice(baseUrl.length + 1)
      : reference;
  const target = relativeTarget(own);
  if (target !== undefined) return target;
  return { kind: 'unresolvable', why: describe(reference), ...typeIn(reference, declared) };
}

/** `Type/id` or `Type/id/_history/version`, without regular expression captures: this runs per column. */
function relativeTarget(own: string): FhirReference | undefined {
  const slash = own.indexOf('/');
  if (slash < 1) return undefined;
  const next = own.indexOf('/', slash + 1);
  const id = next < 0 ? own.slice(slash + 1) : own.slice(slash + 1, next);
  const resourceType = own.slice(0, slash);
  const versioned = next < 0 || own.startsWith('/_history/', next);
  return versioned && logicalId.test(id) && typeName.test(resourceType)
    ? { kind: 'target', resourceType, id }
    : undefined;
}

function describe(reference: string): string {
  if (reference.startsWith('#')) return 'a contained resource';
  if (reference.startsWith('urn:')) return 'a URN';
  if (reference.includes('?')) return 'a conditional reference';
  return /^https?:/.test(reference) ? 'a resource of another service' : 'not a resource address';
}

function typeIn(
  reference: string,
  declared: { readonly resourceType?: string },
): { readonly resourceType?: string } {
  const found = /(?:^|\/)([A-Z][A-Za-z]+)(?:\/[A-Za-z0-9.-]{1,64}|\?[^/]*)$/.exec(reference)?.[1];
  return found === undefined ? declared : { resourceType: found };
}
