import { typeNumber } from '../definitions.ts';
import type { FhirRequest, Service } from '../interaction.ts';
import { beforeAllRows } from '../store/clock.ts';
import { isDeleted, type StoredVersion } from '../store/stored-version.ts';

/**
 * The version that a read shows: the current one or, under the fault of a stale
 * read, the one before; undefined when there was none.
 */
export function shownVersion(
  service: Service,
  { stale }: Pick<FhirRequest, 'stale'>,
  current: StoredVersion,
): StoredVersion | undefined {
  if (!stale) return current;
  const place = { type: typeNumber(current.type), id: current.id };
  const query = { ...place, from: beforeAllRows, to: current.seq, descending: true };
  const [version] = service.history.versions(query, 1);
  return version === undefined || isDeleted(version) ? undefined : version;
}

/** What a search shows of its matches; those that did not exist then are left out. */
export function shownVersions(
  service: Service,
  request: Pick<FhirRequest, 'stale'>,
  matches: readonly StoredVersion[],
): readonly StoredVersion[] {
  if (!request.stale) return matches;
  return matches.flatMap((match) => shownVersion(service, request, match) ?? []);
}
