import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import type { AppError, ErrorCode } from '../shared/errors.ts';
import { safeError } from './safe-error.ts';

const statusOf: Partial<Readonly<Record<ErrorCode, number>>> = {
  INPUT_INVALID: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PRECONDITION_REQUIRED: 428,
  MAP_PACK_INVALID: 422,
  BODY_TOO_LARGE: 413,
  STATE_UNAVAILABLE: 503,
  FHIR_UNAVAILABLE: 503,
  DATAVERSE_UNAVAILABLE: 503,
  REQUEST_THROTTLED: 503,
  TOKEN_UNAVAILABLE: 503,
  FHIR_REFUSED: 502,
  DATAVERSE_REFUSED: 502,
  RESPONSE_UNREADABLE: 502,
};

/**
 * An RFC 9457 problem: what happened and what to do, never clinical text. Several
 * places that need attention are listed as `problems`.
 */
export function problem(error: AppError): HttpResponseInit {
  const status = statusOf[error.code] ?? 500;
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      type: `urn:fhir-dataverse-sync:${error.code.toLowerCase().replaceAll('_', '-')}`,
      title: error.code,
      status,
      detail: error.message,
      ...problemsOf(error),
    }),
  };
}

function problemsOf({ details }: AppError): object {
  const { problems } = details;
  return Array.isArray(problems) ? { problems } : {};
}

/** Runs a handler; whatever it throws becomes a problem. */
export async function answering(
  context: Pick<InvocationContext, 'error'>,
  work: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  try {
    return await work();
  } catch (error) {
    return problem(safeError(error, context));
  }
}
