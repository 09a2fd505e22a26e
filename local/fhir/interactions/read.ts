import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { gone, notFound } from '../outcome.ts';
import { etagOf, isDeleted, type StoredVersion } from '../store/stored-version.ts';
import { shownVersion } from './stale-versions.ts';

/** The current version; 404 when the id never existed, 410 when it is deleted, 304 for a known ETag. */
export function read(service: Service, request: FhirRequest, type: string, id: string): Reply {
  const current = liveVersion(service, type, id);
  const version = shownVersion(service, request, current);
  if (version === undefined) {
    throw notFound(`Resource type '${type}' with id '${id}' couldn't be found.`);
  }
  if (request.ifNoneMatch === etagOf(version)) return { status: 304, version, body: '' };
  return { status: 200, version, body: version.body };
}

/** One version by its number; a tombstone answers 410. */
export function readVersion(
  service: Service,
  place: { readonly type: string; readonly id: string; readonly version: string },
): Reply {
  const { type, id } = place;
  const number = /^\d{1,15}$/.test(place.version) ? Number(place.version) : undefined;
  const version = number === undefined ? undefined : service.repository.version(type, id, number);
  if (version === undefined) {
    throw notFound(`Resource type '${type}' with id '${id}' has no version '${place.version}'.`);
  }
  if (isDeleted(version)) throw gone(`That version of ${type}/${id} is its deletion.`);
  return { status: 200, version, body: version.body };
}

/** The current version of a resource that must exist and not be deleted. */
export function liveVersion(service: Service, type: string, id: string): StoredVersion {
  const version = service.repository.current(type, id);
  if (version === undefined) {
    throw notFound(`Resource type '${type}' with id '${id}' couldn't be found.`);
  }
  if (isDeleted(version)) {
    throw gone(
      `Resource type '${type}' with id '${id}' and version '${version.version}' is deleted.`,
    );
  }
  return version;
}
