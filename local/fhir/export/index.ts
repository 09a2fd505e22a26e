import { isResourceType } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { badRequest, notAllowed } from '../outcome.ts';
import type { ExportScope } from './export-definition.ts';
import { parseExport } from './export-request.ts';
import { checkFilters } from './selection.ts';

export { exportKind } from './export-job.ts';
export { createVersionPages } from './version-pages.ts';

/** Kick-off of `$export` at `/`, `/Patient` or `/Group/{id}`; 400 at any other type. */
export function startExport(service: Service, request: FhirRequest): Reply {
  if (request.method !== 'GET') throw notAllowed("'$export' takes GET only.");
  const asked = parseExport(request, scopeOf(request.path), service.bulk.now());
  if (!/handling\s*=\s*lenient/i.test(request.headers.prefer ?? '')) checkFilters(service, asked);
  const job = service.jobs.submit('export', asked);
  const location = `${request.baseUrl}/_operations/export/${job.number}`;
  return { status: 202, body: '', headers: { 'content-location': location } };
}

function scopeOf([type, id]: readonly string[]): ExportScope {
  if (type === '$export') return { kind: 'system' };
  if (type === 'Patient' && id === '$export') return { kind: 'patient' };
  if (type === 'Group' && id !== undefined && id !== '$export') return { kind: 'group', id };
  throw badRequest(
    `Requested operation does not support resource type: ${isResourceType(type ?? '') ? type : 'unknown'}.`,
  );
}
