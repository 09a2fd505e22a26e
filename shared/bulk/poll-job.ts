import { type HttpSend, parseRetryAfter } from '../http/index.ts';
import type { PollTrouble } from './contract.ts';
import { callOnce, type JobAnswer } from './job-call.ts';
import { isOutcome, isTransientOutcome, outcomeTexts } from './operation-outcome.ts';

/** What one GET of a status URL says about the job. */
export type JobState =
  | {
      readonly kind: 'running';
      readonly answer: JobAnswer | undefined;
      readonly retryAfterSeconds?: number;
      readonly trouble?: PollTrouble;
    }
  | { readonly kind: 'complete'; readonly answer: JobAnswer }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly status: number; readonly outcome: unknown };

export interface Poll {
  readonly send: HttpSend;
  readonly url: string;
  /** Says in words what is polled, for errors. */
  readonly what: string;
  /**
   * `ahds` says that a job failed in a known phrase, and answers 5xx with an OperationOutcome for
   * its own troubles too; on other servers the outcome itself is the failure.
   */
  readonly knownPhrases: boolean;
}

/** Microsoft.Health.Fhir.Core Resources.resx: OperationFailed, UserRequestedCancellation. */
const jobFailure = /operation failed for reason|user requested cancellation/i;

/**
 * Polls once. Only an answer about the job ends it; whatever else goes wrong is `running` with the
 * trouble named (facts/reliability.md, fault 12).
 *
 * @throws AppError URL_NOT_ALLOWED, TOKEN_UNAVAILABLE
 */
export async function pollJob(poll: Poll): Promise<JobState> {
  const answer = await unlessUnreachable(poll);
  if (answer === undefined) {
    return { kind: 'running', answer: undefined, trouble: 'unavailable' };
  }
  const status = jobStatus(answer);
  if (status === 202) {
    return { kind: 'running', answer, ...waitOf(answer) };
  }
  if (status >= 200 && status < 300) {
    return { kind: 'complete', answer };
  }
  if (status === 404 || status === 410) {
    return { kind: 'gone' };
  }
  const trouble = pollTrouble(status, answer, poll.knownPhrases);
  return trouble === undefined
    ? { kind: 'failed', status, outcome: answer.json }
    : { kind: 'running', answer: undefined, trouble, ...waitOf(answer) };
}

async function unlessUnreachable({ send, url, what }: Poll): Promise<JobAnswer | undefined> {
  const headers = { accept: 'application/json, application/fhir+json' };
  try {
    const answer = await callOnce(send, { method: 'GET', url, headers }, what);
    return answer === 'torn' ? undefined : answer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'FHIR_UNAVAILABLE') {
      return undefined;
    }
    throw error;
  }
}

/** With `separate-export-status` the HTTP status is that of the poll, the header that of the job. */
function jobStatus({ status, headers }: JobAnswer): number {
  const own = Number.parseInt(headers.get('x-export-status') ?? '', 10);
  return status === 200 && own >= 100 && own <= 599 ? own : status;
}

/** The trouble that the answer is about, or undefined when it is the failure of the job. */
function pollTrouble(
  status: number,
  answer: JobAnswer,
  knownPhrases: boolean,
): PollTrouble | undefined {
  const trouble = troubleNames.get(status) ?? (status >= 500 ? 'unavailable' : undefined);
  const isKnownFailure = outcomeTexts(answer.json).some((text) => jobFailure.test(text));
  if (trouble === undefined || (knownPhrases && isKnownFailure)) {
    return undefined;
  }
  const aboutTheJob =
    answer.headers.has('x-export-status') ||
    (isOutcome(answer.json) && !knownPhrases && !answer.headers.has('retry-after'));
  return aboutTheJob && status !== 401 && !isTransientOutcome(answer.json) ? undefined : trouble;
}

const troubleNames = new Map<number, PollTrouble>([
  [401, 'not-signed-in'],
  [408, 'unavailable'],
  [425, 'unavailable'],
  [429, 'throttled'],
]);

function waitOf({ headers }: JobAnswer): { readonly retryAfterSeconds?: number } {
  const retryAfterSeconds = parseRetryAfter(headers, Date.now());
  return retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
}
