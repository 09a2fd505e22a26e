import type { Reply } from '../interaction.ts';
import type { BulkSettings } from '../jobs/bulk-settings.ts';
import type { Job } from '../jobs/index.ts';
import { isObject, itemsOf, type Json } from '../json.ts';
import { FhirError, notFound } from '../outcome.ts';
import { exportDefinition } from './export-definition.ts';

export type OutputFile = Readonly<Record<'type' | 'url', string> & Record<'count', number>>;

/** A finished job counts as in flight for this long (facts, migration 2.1). */
const settleMilliseconds = 15_000;

/** Answers a poll: 202 without a body, then the manifest, or the failure of the job. */
export function exportStatus({ now, timeScale, faults }: BulkSettings, job: Job): Reply {
  if (job.cancelRequested) throw unknownExport(job);
  if (job.state === 'failed') throw failureOf('export', job);
  const partial = faults.takeOne('export', 'premature');
  if (partial !== undefined) return manifest(job, someOf(job));
  const settled = (job.endedAt ?? 0) + settleMilliseconds * timeScale;
  if (job.state === 'queued' || job.state === 'running' || now() < settled) return inFlight;
  return manifest(job, outputOf(job.result ?? job.progress));
}

/** What an export that is not complete might show: at most half of its files. */
function someOf(job: Job): readonly OutputFile[] {
  const files = outputOf(job.result ?? job.progress);
  return job.state === 'completed' ? files.slice(0, Math.floor(files.length / 2)) : files;
}

/** A second cancel finds nothing, as every poll after the first. */
export function cancelExport(job: Job, cancel: () => void): Reply {
  if (job.cancelRequested) throw unknownExport(job);
  cancel();
  return inFlight;
}

const inFlight: Reply = { status: 202, body: '' };

export function manifest(job: Job, output: readonly OutputFile[]): Reply {
  const body = {
    transactionTime: new Date(job.createdAt).toISOString(),
    request: exportDefinition.parse(job.definition).url,
    requiresAccessToken: false,
    output: output.toSorted((left, right) => compare(left.type, right.type)),
    error: [],
    issues: [],
  };
  return {
    status: 200,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
}

/** The files a job has written, from its result or its progress. */
export function outputOf(value: Json | undefined): readonly OutputFile[] {
  if (!isObject(value)) return [];
  return itemsOf(value['output'])
    .filter(isObject)
    .map(({ type, url, count }) => ({
      type: String(type),
      url: String(url),
      count: Number(count),
    }));
}

/** The failure of a job as its polls answer it; the cause of a 500 is not told. */
export function failureOf(operation: string, job: Job): FhirError {
  const { status, diagnostics } = job.failure ?? { status: 500, diagnostics: 'Unknown error.' };
  const text = `${operation} operation failed for reason: ${diagnostics}`;
  return new FhirError(status, [{ severity: 'error', code: 'exception', diagnostics: text }]);
}

function unknownExport(job: Job): FhirError {
  return notFound(`The requested job "${job.number}" was not found.`);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
