/** One resource, whatever its version. */
export interface ResourceReference {
  readonly resourceType: string;
  readonly id: string;
}

/** One version of one resource: what `_history/{versionId}` reads. */
export interface VersionReference extends ResourceReference {
  readonly versionId: string;
}

/** The shape of a resource type name; the FHIR service knows which names exist. */
const resourceType = /^[A-Z][A-Za-z]{1,63}$/;
/** FHIR R4 2.24.0.1 `id`, without `.` and `..`, which URL parsers read as steps in a path. */
const id = /^(?!\.{1,2}$)[A-Za-z0-9\-.]{1,64}$/;

export function isResourceType(value: unknown): value is string {
  return typeof value === 'string' && resourceType.test(value);
}

/** True for a logical id or a version id (both have the FHIR type `id`). */
export function isResourceId(value: unknown): value is string {
  return typeof value === 'string' && id.test(value);
}

/** `Type/id`, the form used in logs, outcomes and settings. */
export function referenceText(reference: ResourceReference): string {
  return `${reference.resourceType}/${reference.id}`;
}

/**
 * Reads a literal reference to a resource on our FHIR service (FHIR R4 2.3.0.1): relative
 * (`Patient/1`), absolute below `fhirBase`, either with `/_history/{version}`, which is dropped.
 * Contained (`#a`), logical (`urn:uuid:`), conditional (`Patient?identifier=`) and foreign
 * references give undefined: nothing on our service can be read for them.
 */
export function parseReference(
  reference: string,
  fhirBase?: string,
): ResourceReference | undefined {
  const relative = belowBase(reference, fhirBase);
  if (relative === undefined) {
    return undefined;
  }
  const [type, logicalId, history, version, ...rest] = relative.split('/');
  const versionIsSound =
    history === undefined || (history === '_history' && isResourceId(version) && rest.length === 0);
  if (!isResourceType(type) || !isResourceId(logicalId) || !versionIsSound) {
    return undefined;
  }
  return { resourceType: type, id: logicalId };
}

function belowBase(reference: string, fhirBase: string | undefined): string | undefined {
  if (!reference.includes(':')) {
    return reference;
  }
  if (fhirBase === undefined || !URL.canParse(reference) || !URL.canParse(fhirBase)) {
    return undefined;
  }
  const url = new URL(reference);
  const base = new URL(fhirBase);
  const prefix = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  const isOurs = url.origin === base.origin && url.pathname.startsWith(prefix);
  return isOurs && url.search === '' && url.hash === ''
    ? url.pathname.slice(prefix.length)
    : undefined;
}
