import type { Reply } from '../interaction.ts';
import type { Job } from '../jobs/index.ts';
import { isObject, type JsonObject } from '../json.ts';
import { FhirError, type Issue, outcomeResource } from '../outcome.ts';

/** 202 with X-Progress while it runs; 200 with the counts once it has ended (facts, migration 2.4). */
export function bulkDeleteStatus(job: Job): Reply {
  switch (job.state) {
    case 'queued':
    case 'running':
      return {
        ...answer(job, 202, inform('Job In Progress')),
        headers: { 'x-progress': 'in progress' },
      };
    case 'cancelled':
      return answer(job, 200, { ...inform('Job Canceled'), severity: 'warning' });
    case 'failed': {
      const diagnostics = job.failure?.diagnostics ?? 'The job failed.';
      const issue: Issue = { severity: 'error', code: 'exception', diagnostics };
      return answer(job, job.failure?.status ?? 500, issue);
    }
    case 'completed':
      return answer(job, 200, undefined);
  }
}

/** 202 for a job that goes on; one that has ended answers 409. */
export function bulkDeleteCancel(job: Job, cancel: () => void): Reply {
  if (job.endedAt !== undefined) {
    const diagnostics = 'The bulk delete has ended and cannot be cancelled.';
    throw new FhirError(409, [{ severity: 'error', code: 'conflict', diagnostics }]);
  }
  cancel();
  return { status: 202, body: '' };
}

function inform(diagnostics: string): Issue {
  return { severity: 'information', code: 'informational', diagnostics };
}

function answer(job: Job, status: number, issue: Issue | undefined): Reply {
  const counts = job.result ?? job.progress;
  const parts = isObject(counts)
    ? Object.entries(counts).map(([name, count]) => ({ name, valueInteger64: count }))
    : [];
  const parameter: JsonObject[] = [
    ...(parts.length === 0 ? [] : [{ name: 'ResourceDeletedCount', part: parts }]),
    ...(issue === undefined ? [] : [{ name: 'Issues', resource: outcomeResource([issue]) }]),
  ];
  return { status, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}
