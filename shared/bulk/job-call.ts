import { AppError } from '../errors.ts';
import { isRecord } from '../fhir/index.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpSend,
  parseRetryAfter,
  wasNeverSent,
} from '../http/index.ts';
import type { CancelResult, KickOff } from './contract.ts';
import { issueType } from './operation-outcome.ts';

/** A status URL answers within 60 seconds at the slowest ($import of AHDS, facts 2.2). */
const pollTimeoutMs = 150_000;
/** A manifest of a hundred thousand files is about 30 MB. */
const maxAnswerBytes = 256 * 1024 * 1024;

/** An answer with its JSON read; `json` is undefined when the body was none. */
export interface JobAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** What `send` gave, or that nothing is known of what became of the request. */
export type SentOnce = JobAnswer | 'torn';

/**
 * One call, any status: a job's own failure may come with the status of a throttled call.
 *
 * @throws AppError FHIR_UNAVAILABLE when the server surely has not seen it; what `send` throws
 * for URLs and tokens.
 */
export async function callOnce(
  send: HttpSend,
  request: HttpRequest,
  what: string,
): Promise<SentOnce> {
  try {
    const limits = { timeoutMs: pollTimeoutMs, maxResponseBytes: maxAnswerBytes };
    return answerOf(await send({ ...limits, ...request, anyStatus: true }));
  } catch (error) {
    if (!(error instanceof AppError)) {
      throw error;
    }
    if (wasNeverSent(error)) {
      const { details } = error;
      throw new AppError('FHIR_UNAVAILABLE', `${what}: the service cannot be reached`, {
        details,
        cause: error,
      });
    }
    if (error.code === 'REQUEST_FAILED' || error.code === 'RESPONSE_UNREADABLE') {
      return 'torn';
    }
    throw error;
  }
}

function answerOf({ status, headers, text }: HttpResponse): JobAnswer {
  return { status, headers, json: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the parser's message quotes the text
  }
}

/**
 * The result of a kick-off: its status URL from Content-Location, relative ones against the URL
 * that was called.
 *
 * @throws AppError when surely nothing was started; see `BulkExport.kickOff`.
 */
export function kickOffResult(answer: SentOnce, calledUrl: string, what: string): KickOff {
  if (answer === 'torn') {
    return { kind: 'unknown' };
  }
  if (answer.status >= 200 && answer.status < 300) {
    const location = answer.headers.get('content-location') ?? '';
    const known = location !== '' && URL.canParse(location, calledUrl);
    return known
      ? { kind: 'started', statusUrl: new URL(location, calledUrl).href }
      : { kind: 'unknown' };
  }
  const saysWhy = isRecord(answer.json) && answer.json['resourceType'] === 'OperationOutcome';
  const isUnclear = answer.status >= 500 && !saysWhy && !answer.headers.has('retry-after');
  if (isUnclear) {
    return { kind: 'unknown' };
  }
  throw refusal(answer, what);
}

/** The error for an answer that is no success. */
export function refusal({ status, headers, json }: JobAnswer, what: string): AppError {
  const retryAfterSeconds = parseRetryAfter(headers, Date.now());
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  const details = { status, cause: issueType(json) };
  if (status === 429) {
    return new AppError('REQUEST_THROTTLED', `${what} is throttled`, { details, ...wait });
  }
  if (status === 401 || status === 408 || status === 425 || status >= 500) {
    const message = `${what} is not possible now (status ${status})`;
    return new AppError('FHIR_UNAVAILABLE', message, { details, ...wait });
  }
  const remedy = status === 403 ? '; check the roles of the identity' : '';
  return new AppError('FHIR_REFUSED', `${what} was refused (status ${status})${remedy}`, {
    details,
  });
}

/**
 * DELETE of a status URL.
 *
 * @throws AppError FHIR_UNAVAILABLE, REQUEST_THROTTLED, FHIR_REFUSED, URL_NOT_ALLOWED
 */
export async function cancelJob(
  send: HttpSend,
  statusUrl: string,
  what: string,
): Promise<CancelResult> {
  const headers = { accept: 'application/fhir+json' };
  const answer = await callOnce(send, { method: 'DELETE', url: statusUrl, headers }, what);
  if (answer === 'torn') {
    throw new AppError('FHIR_UNAVAILABLE', `${what}: the connection broke`);
  }
  if (answer.status >= 200 && answer.status < 300) {
    return 'cancelled';
  }
  if (answer.status === 404 || answer.status === 410) {
    return 'gone';
  }
  if (answer.status === 409) {
    return 'ended';
  }
  throw refusal(answer, what);
}
