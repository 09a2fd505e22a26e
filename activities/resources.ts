import type { FhirResource, ReadResult, VersionReference } from '../shared/fhir/index.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** One version of one resource as activities pass it on: a reference, never the body. */
export interface CurrentResource {
  /** `Type/id` */
  readonly reference: string;
  readonly versionId: string;
  readonly lastUpdated: string;
}

/** `Type/id` taken apart. */
export function partsOf(reference: string): { readonly resourceType: string; readonly id: string } {
  const slash = reference.indexOf('/');
  return { resourceType: reference.slice(0, slash), id: reference.slice(slash + 1) };
}

/**
 * The bodies of these versions, from memory or read again by version: the FHIR
 * service is the claim check (DESIGN §2). A version that cannot be read is absent.
 */
export async function loadBodies(
  { fhir, versions }: Pick<ActivityDependencies, 'fhir' | 'versions'>,
  resources: readonly CurrentResource[],
): Promise<ReadonlyMap<string, FhirResource>> {
  const bodies = new Map<string, FhirResource>();
  const unknown: VersionReference[] = [];
  for (const { reference, versionId } of resources) {
    const version = { ...partsOf(reference), versionId };
    const body = versions.get(version);
    if (body === undefined) unknown.push(version);
    else bodies.set(reference, body);
  }
  const read = unknown.length > 0 ? await fhir.readVersions(unknown) : [];
  for (const result of read) {
    if (result.kind === 'current') bodies.set(keep(versions, result), result.resource);
  }
  return bodies;
}

/** Keeps a body for the later steps of the change set; answers `Type/id`. */
export function keep(
  versions: ActivityDependencies['versions'],
  { reference, versionId, resource }: Extract<ReadResult, { kind: 'current' }>,
): string {
  const { resourceType, id } = reference;
  versions.put({ resourceType, id, versionId }, resource);
  return `${resourceType}/${id}`;
}
