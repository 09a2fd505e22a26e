import { failureOf } from '../export/export-status.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import type { Job, JobPart } from '../jobs/index.ts';
import { badRequest, FhirError } from '../outcome.ts';
import { importDefinition, importUnit, unitResult } from './import-definition.ts';

const longestWait = 60_000;

/** Answers a poll: 202 without a body while units are registered, with one while they run, then 200. */
export function importStatus(service: Service, job: Job, request: FhirRequest): Reply {
  if (job.cancelRequested && job.state !== 'completed' && job.state !== 'failed') {
    throw badRequest('User requested cancellation of operation.');
  }
  if (job.state === 'failed') throw failureOf('import', job);
  const start = performance.now();
  const parts = service.jobs.partsOf(job);
  const spent = performance.now() - start;
  if (parts.length === 0) return { status: 202, body: '' };
  const isDetailed = request.query.get('_details') === 'true';
  return {
    status: job.state === 'completed' ? 200 : 202,
    body: JSON.stringify(importResult(job, parts, isDetailed)),
    headers: { 'content-type': 'application/json' },
    // The service slows down callers that ask too often.
    delayMs: Math.min(spent * 10, longestWait) * service.bulk.timeScale,
  };
}

/** A cancel may be repeated, but not after the end. */
export function cancelImport(job: Job, cancel: () => void): Reply {
  if (job.state === 'completed' || job.state === 'failed') {
    const diagnostics = 'Import operation has already completed';
    throw new FhirError(409, [{ severity: 'error', code: 'conflict', diagnostics }]);
  }
  cancel();
  return { status: 202, body: '' };
}

interface FinishedUnit {
  readonly type: string | undefined;
  readonly url: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly errorUrl: string | null;
}

function importResult(job: Job, parts: readonly JobPart[], isDetailed: boolean) {
  const units = parts.filter(({ result }) => result !== undefined).map(finishedUnit);
  return {
    transactionTime: new Date(job.createdAt).toISOString(),
    request: importDefinition.parse(job.definition).url,
    output: (isDetailed ? units : byUrl(units)).map(({ type, succeeded, url }) => ({
      type,
      count: succeeded,
      inputUrl: url,
    })),
    error: units
      .filter(({ failed }) => failed > 0)
      .map(({ type, failed, url, errorUrl }) => ({
        type,
        count: failed,
        inputUrl: url,
        url: errorUrl,
      })),
  };
}

function finishedUnit({ definition, result }: JobPart): FinishedUnit {
  const { type, url } = importUnit.parse(definition);
  return { type: type ?? undefined, url, ...unitResult.parse(result) };
}

function byUrl(units: readonly FinishedUnit[]): readonly FinishedUnit[] {
  return [...Map.groupBy(units, ({ url }) => url).values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          {
            ...first,
            succeeded: others.reduce((sum, unit) => sum + unit.succeeded, first.succeeded),
          },
        ],
  );
}
