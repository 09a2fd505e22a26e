import type { FhirResource, ReadResult, VersionReference } from '../shared/fhir/index.ts';
import { referenceOf } from '../shared/outcomes/index.ts';
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

export interface LoadedBodies {
  /** By `Type/id`; a version that cannot be read is absent. */
  readonly bodies: ReadonlyMap<string, FhirResource>;
  /** Those of the absent that a later attempt may read. */
  readonly failed: ReadonlySet<string>;
}

/** The bodies of these versions; one that cannot be read, now or ever, is absent. */
export async function loadBodies(
  deps: Pick<ActivityDependencies, 'fhir' | 'versions'>,
  resources: readonly CurrentResource[],
): Promise<ReadonlyMap<string, FhirResource>> {
  return (await readBodies(deps, resources)).bodies;
}

/**
 * The bodies of these versions, from memory or read again by version: the FHIR
 * service is the claim check (DESIGN §2).
 */
export async function readBodies(
  { fhir, versions }: Pick<ActivityDependencies, 'fhir' | 'versions'>,
  resources: readonly CurrentResource[],
): Promise<LoadedBodies> {
  const bodies = new Map<string, FhirResource>();
  const unknown: VersionReference[] = [];
  for (const { reference, versionId } of resources) {
    const version = { ...partsOf(reference), versionId };
    const body = versions.get(version);
    if (body === undefined) unknown.push(version);
    else bodies.set(reference, body);
  }
  const read = unknown.length > 0 ? await fhir.readVersions(unknown) : [];
  const failed = new Set<string>();
  for (const result of read) {
    if (result.kind === 'current') bodies.set(keep(versions, result), result.resource);
    if (result.kind === 'failed') failed.add(referenceOf(result.reference));
  }
  return { bodies, failed };
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
