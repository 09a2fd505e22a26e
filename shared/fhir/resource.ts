/** Any FHIR R4 resource as parsed JSON. Held, compared and mapped; never changed in place. */
export interface FhirResource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: {
    readonly versionId?: string;
    readonly lastUpdated?: string;
    readonly [element: string]: unknown;
  };
  readonly [element: string]: unknown;
}

/** A JSON object: neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * True when the envelope of a resource is sound: its type, and id, meta.versionId and
 * meta.lastUpdated as text where present. The clinical elements are the mapping's to judge.
 */
export function isFhirResource(value: unknown): value is FhirResource {
  if (!isRecord(value) || typeof value['resourceType'] !== 'string') {
    return false;
  }
  return isTextOrAbsent(value['id']) && isMetaOrAbsent(value['meta']);
}

function isMetaOrAbsent(meta: unknown): boolean {
  if (meta === undefined) {
    return true;
  }
  return isRecord(meta) && isTextOrAbsent(meta['versionId']) && isTextOrAbsent(meta['lastUpdated']);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
