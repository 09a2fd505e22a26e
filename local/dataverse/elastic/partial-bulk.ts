import type { ApiContext } from '../api-context.ts';
import { type ApiResponse, jsonResponse } from '../api-message.ts';
import type { JsonObject } from '../payload.ts';
import { DataverseError, errorBody } from '../protocol-error.ts';

interface Failure {
  readonly index: number;
  readonly error: DataverseError;
}

function failed(failures: readonly Failure[], first: Failure): ApiResponse {
  const { error } = first;
  const details = failures.map(({ index, error: { status } }) => ({
    RequestIndex: index,
    Id: '',
    StatusCode: status,
  }));
  error.annotations = {
    '@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails': JSON.stringify(details),
  };
  return {
    status: error.status,
    headers: { 'Content-Type': 'application/json; odata.metadata=minimal', ...error.headers },
    body: errorBody(error, true),
  };
}

/**
 * Runs a bulk message of an elastic table: every row is a write of its own,
 * what succeeds stays, and the error says which rows did not (facts A5, A11).
 */
export function runApart(
  { store }: ApiContext,
  targets: readonly JsonObject[],
  run: (one: readonly JsonObject[]) => ApiResponse,
): ApiResponse {
  const failures: Failure[] = [];
  const answers = targets.flatMap((target, index) => {
    try {
      return [store.atomic(() => run([target]))];
    } catch (error) {
      if (!(error instanceof DataverseError)) {
        throw error;
      }
      failures.push({ index, error });
      return [];
    }
  });
  const [first] = failures;
  if (first !== undefined) {
    return failed(failures, first);
  }
  const bodies = answers.map(({ body }) => (body === '' ? {} : JSON.parse(body)));
  const [answer] = answers;
  return answer === undefined || bodies[0]?.Ids === undefined
    ? { status: answer?.status ?? 204, headers: answer?.headers ?? {}, body: '' }
    : jsonResponse(200, { ...bodies[0], Ids: bodies.flatMap(({ Ids }) => Ids) });
}
