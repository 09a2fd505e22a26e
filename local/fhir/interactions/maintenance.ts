import { startBulkDelete } from '../bulk-delete/index.ts';
import { isResourceType } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { notAllowed, notFound } from '../outcome.ts';
import { activeReindex, reindexReply, startReindex } from '../reindex/index.ts';

/** Kick-offs of `$reindex` and `$bulk-delete`; undefined for every other request. */
export function maintenance(service: Service, request: FhirRequest): Reply | undefined {
  switch (operationOf(request.path)) {
    case '$bulk-delete':
    case '$bulk-delete-soft-deleted':
      return startBulkDelete(service, request);
    case '$reindex':
      return request.path.length === 1 ? reindex(service, request) : undefined;
    default:
      return undefined;
  }
}

/** The operation of the service, or of a type. */
function operationOf(path: readonly string[]): string | undefined {
  const [first = '', second] = path;
  if (path.length === 1) return first;
  return path.length === 2 && isResourceType(first) ? second : undefined;
}

function reindex(service: Service, request: FhirRequest): Reply {
  if (request.method === 'POST') return startReindex(service, request);
  if (request.method !== 'GET') throw notAllowed("'$reindex' takes GET and POST.");
  const job = activeReindex(service);
  if (job === undefined) throw notFound('There is no active reindex job.');
  return reindexReply(job, request, 200);
}
