import { startExport } from '../export/index.ts';
import { startImport } from '../import/index.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { answerWithFaults } from '../jobs/index.ts';
import { FhirError } from '../outcome.ts';

/** Kick-offs and polls of `$export` and `$import`; undefined for every other request. */
export function bulkOperation(service: Service, request: FhirRequest): Reply | undefined {
  const { path } = request;
  if (path[0] === '_operations') return service.jobs.answer(request);
  if (path[0] === '$import' && path.length === 1) return kickOff(service, request, 'import');
  if (service.bulk.initialImportMode) checkUnlocked(request);
  return path.at(-1) === '$export' ? kickOff(service, request, 'export') : undefined;
}

function kickOff(service: Service, request: FhirRequest, operation: 'export' | 'import'): Reply {
  const start = operation === 'export' ? startExport : startImport;
  const call = { operation, step: 'kick-off' } as const;
  return answerWithFaults(service.bulk.faults, call, () => start(service, request));
}

/** While the initial import goes on, nothing else may write (facts, migration 2.2). */
function checkUnlocked({ method, path }: FhirRequest): void {
  const isReading = method === 'GET' || path.at(-1) === '_search' || path.at(-1) === '$validate';
  if (isReading) return;
  const diagnostics = 'Service is locked for initial import mode.';
  throw new FhirError(423, [{ severity: 'error', code: 'conflict', diagnostics }]);
}
