import type { HttpResponseInit } from '@azure/functions';
import { AppError, type ErrorCode } from '../shared/errors.ts';

const statusOf: Partial<Readonly<Record<ErrorCode, number>>> = {
  INPUT_INVALID: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  BODY_TOO_LARGE: 413,
  STATE_UNAVAILABLE: 503,
  FHIR_UNAVAILABLE: 503,
  DATAVERSE_UNAVAILABLE: 503,
  REQUEST_THROTTLED: 503,
};

/** An RFC 9457 problem: what happened and what to do, never clinical text. */
export function problem(error: unknown): HttpResponseInit {
  const known =
    error instanceof AppError ? error : new AppError('INTERNAL', 'see the log of this invocation');
  const status = statusOf[known.code] ?? 500;
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: `urn:fhir-dataverse-sync:${known.code.toLowerCase().replaceAll('_', '-')}`,
      title: known.code,
      status,
      detail: known.message,
    }),
  };
}

/** Runs a handler; whatever it throws becomes a problem. */
export async function answering(work: () => Promise<HttpResponseInit>): Promise<HttpResponseInit> {
  try {
    return await work();
  } catch (error) {
    return problem(error);
  }
}
