import type { JsonObject } from './json.ts';

export type IssueSeverity = 'fatal' | 'error' | 'warning' | 'information';

/** One OperationOutcome.issue (FHIR R4 `issue-type` codes). */
export interface Issue {
  readonly severity: IssueSeverity;
  readonly code: string;
  readonly diagnostics: string;
  readonly expression?: readonly string[];
}

/** The only error this service throws on purpose: an HTTP status and the issues of its OperationOutcome. */
export class FhirError extends Error {
  override readonly name = 'FhirError';
  readonly status: number;
  readonly issues: readonly Issue[];

  constructor(status: number, issues: readonly Issue[]) {
    super(issues.map((issue) => issue.diagnostics).join('; '));
    this.status = status;
    this.issues = issues;
  }
}

function failure(status: number, code: string, diagnostics: string): FhirError {
  return new FhirError(status, [{ severity: 'error', code, diagnostics }]);
}

export const badRequest = (diagnostics: string): FhirError => failure(400, 'invalid', diagnostics);
export const unsupportedParameter = (diagnostics: string): FhirError =>
  failure(400, 'not-supported', diagnostics);
export const notFound = (diagnostics: string): FhirError => failure(404, 'not-found', diagnostics);
export const unknownRoute = (diagnostics: string): FhirError =>
  failure(404, 'not-supported', diagnostics);
export const notAllowed = (diagnostics: string): FhirError =>
  failure(405, 'not-supported', diagnostics);
export const gone = (diagnostics: string): FhirError => failure(410, 'deleted', diagnostics);
export const preconditionFailed = (diagnostics: string): FhirError =>
  failure(412, 'conflict', diagnostics);
export const tooLarge = (diagnostics: string): FhirError => failure(413, 'too-long', diagnostics);
export const unsupportedMedia = (diagnostics: string): FhirError =>
  failure(415, 'not-supported', diagnostics);
export const unexpected = (): FhirError =>
  failure(500, 'exception', 'The service failed; its own log has the cause.');

export function outcomeResource(issues: readonly Issue[]): JsonObject {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(({ severity, code, diagnostics, expression }) =>
      expression === undefined
        ? { severity, code, diagnostics }
        : { severity, code, diagnostics, expression },
    ),
  };
}
