import type { HttpSend } from '../http/index.ts';
import { baseUrl } from './base-url.ts';
import type { BulkImport, ImportStatus } from './contract.ts';
import { importByPost } from './import-request.ts';
import { type ImportResult, readImportResult } from './import-result.ts';
import { callOnce, cancelJob, kickOffResult } from './job-call.ts';
import { outcomeTexts } from './operation-outcome.ts';
import { type JobState, pollJob } from './poll-job.ts';

export interface BulkImportOptions {
  /** Base URL of the FHIR service. */
  readonly url: string;
  readonly send: HttpSend;
}

/** @throws AppError CONFIG_INVALID when the URL is no http(s) base URL. */
export function createBulkImport({ url, send }: BulkImportOptions): BulkImport {
  const base = baseUrl(url);

  return {
    async kickOff(request) {
      const what = 'starting a bulk import';
      const post = importByPost(base, request);
      return kickOffResult(await callOnce(send, post, what), post.url, what);
    },
    async status(statusUrl) {
      const poll = { send, url: statusUrl, what: 'a bulk import', knownPhrases: true };
      return statusOf(await pollJob(poll));
    },
    cancel: (statusUrl) => cancelJob(send, statusUrl, 'cancelling a bulk import'),
    statusUrlOf: (jobId) => `${base}/_operations/import/${encodeURIComponent(jobId)}`,
  };
}

function statusOf(state: JobState): ImportStatus {
  switch (state.kind) {
    case 'gone':
      return state;
    case 'failed':
      return failure(state.status, outcomeTexts(state.outcome));
    case 'complete':
      return { kind: 'done', ...readImportResult(state.answer.json) };
    case 'running': {
      const { answer, ...running } = state;
      return { ...running, ...liveResult(answer?.json) };
    }
  }
}

/** A body while it runs is optional and may be cut short: only the final one must be readable. */
function liveResult(json: unknown): ImportResult & { readonly trouble?: 'unreadable' } {
  const nothing = { outputs: [], errors: [] };
  if (json === undefined) {
    return nothing;
  }
  try {
    return readImportResult(json);
  } catch {
    return { ...nothing, trouble: 'unreadable' };
  }
}

/**
 * A cancelled job answers 400 in a fixed phrase; a failed one may name the input file at the end
 * (Microsoft.Health.Fhir.Core Resources.resx, OperationFailedWithErrorFile). Nothing else of the
 * text is kept.
 */
function failure(status: number, texts: readonly string[]): ImportStatus {
  if (texts.some((text) => /user requested cancellation/i.test(text))) {
    return { kind: 'cancelled' };
  }
  const named = texts.map((text) => /ErrorFile: (\S+)$/.exec(text.trimEnd())?.[1]);
  const inputUrl = named.find(
    (url) => url !== undefined && /^https?:/.test(url) && URL.canParse(url),
  );
  return { kind: 'failed', status, ...(inputUrl === undefined ? {} : { inputUrl }) };
}
