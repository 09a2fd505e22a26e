import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { parseStored } from '../json.ts';
import { notAllowed } from '../outcome.ts';
import { isDeleted, type StoredVersion } from '../store/stored-version.ts';
import { conditionalMatches } from './search.ts';
import { notSelective, requireMatch } from './write.ts';

/** Soft delete leaves a tombstone version; `hardDelete=true` leaves nothing. Repeating either answers 204. */
export function remove(service: Service, request: FhirRequest, type: string, id: string): Reply {
  const existing = service.repository.current(type, id);
  if (existing === undefined) return { status: 204 };
  requireMatch(request, { type, id }, existing);
  if (isHard(request.query)) {
    service.registry.noteDeleted(parseStored(existing.body));
    service.repository.erase(existing, request.agent);
    return { status: 204 };
  }
  if (isDeleted(existing)) return { status: 204, version: existing };
  return { status: 204, version: bury(service, request, existing) };
}

/** Delete by search: no match is success, several are refused with 412. */
export function conditionalRemove(service: Service, request: FhirRequest, type: string): Reply {
  const matches = conditionalMatches(service, request, { type, query: request.query });
  if (matches.length > 1) throw notSelective();
  const [match] = matches;
  return match === undefined ? { status: 204 } : remove(service, request, type, match.id);
}

/** `DELETE {Type}/{id}/$purge-history`: the current version stays, all others go. */
export function purgeHistory(
  service: Service,
  request: FhirRequest,
  { type, id }: { readonly type: string; readonly id: string },
): Reply {
  if (request.method !== 'DELETE') throw notAllowed("'$purge-history' takes DELETE only.");
  const current = service.repository.current(type, id);
  if (current !== undefined) service.repository.purgeHistory(current, request.agent);
  return { status: 204 };
}

function isHard(query: URLSearchParams): boolean {
  return query.get('hardDelete') === 'true' || query.get('_hardDelete') === 'true';
}

function bury(service: Service, request: FhirRequest, existing: StoredVersion): StoredVersion {
  const { type, id } = existing;
  service.registry.noteDeleted(parseStored(existing.body));
  return service.repository.append(
    { type, id, resource: {}, method: 'DELETE', agent: request.agent },
    existing,
  );
}
