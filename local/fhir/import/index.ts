import { createHash } from 'node:crypto';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { notAllowed } from '../outcome.ts';
import { parseImport } from './import-request.ts';

export { importKind } from './import-job.ts';

/**
 * Kick-off of `$import`. The content decides: the same Parameters give the same
 * job again, also when it failed or was cancelled (facts, migration 2.2).
 */
export function startImport(service: Service, request: FhirRequest): Reply {
  if (request.method !== 'POST') throw notAllowed("'$import' takes POST only.");
  const { agent, ...content } = parseImport(request, service.bulk);
  const key = createHash('sha1').update(JSON.stringify(content)).digest('hex');
  const job =
    service.jobs.findByKey('import', key) ??
    service.jobs.submit('import', { ...content, agent }, key);
  const location = `${request.baseUrl}/_operations/import/${job.number}`;
  return { status: 202, body: '', headers: { 'content-location': location } };
}
