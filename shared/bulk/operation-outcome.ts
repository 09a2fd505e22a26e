import { isRecord } from '../fhir/index.ts';

/** FHIR value set `issue-type`, its codes as in R4 and R5: the only part of an issue without free text. */
const issueTypes = new Set([
  ...['invalid', 'structure', 'required', 'value', 'invariant', 'security', 'login', 'unknown'],
  ...['expired', 'forbidden', 'suppressed', 'processing', 'not-supported', 'duplicate'],
  ...['multiple-matches', 'not-found', 'deleted', 'too-long', 'code-invalid', 'extension'],
  ...['too-costly', 'business-rule', 'conflict', 'transient', 'lock-error', 'no-store'],
  ...['exception', 'timeout', 'incomplete', 'throttled', 'informational', 'limited-filter'],
]);

/** `transient` and its children in the value set: "the same call may succeed later". */
const transientTypes = new Set([
  ...['transient', 'lock-error', 'no-store', 'timeout', 'incomplete'],
  'throttled',
]);

/** The code of the first issue, or `unspecified`. */
export function issueType(outcome: unknown): string {
  const code = issuesOf(outcome)[0]?.['code'];
  return typeof code === 'string' && issueTypes.has(code) ? code : 'unspecified';
}

export function isOutcome(body: unknown): boolean {
  return isRecord(body) && body['resourceType'] === 'OperationOutcome';
}

/** True when there are issues and each says "transient", as the Bulk Data IG asks clients to honour. */
export function isTransientOutcome(outcome: unknown): boolean {
  const issues = issuesOf(outcome);
  return (
    issues.length > 0 &&
    issues.every(({ code }) => typeof code === 'string' && transientTypes.has(code))
  );
}

/**
 * The texts of an outcome, to be matched against known phrases and then forgotten: they may quote
 * resources, so nothing of them may be kept.
 */
export function outcomeTexts(outcome: unknown): readonly string[] {
  return issuesOf(outcome).flatMap((issue) => {
    const details = isRecord(issue['details']) ? issue['details']['text'] : undefined;
    return [details, issue['diagnostics']].filter((text) => typeof text === 'string');
  });
}

function issuesOf(outcome: unknown): readonly Readonly<Record<string, unknown>>[] {
  const issues: unknown = isRecord(outcome) ? outcome['issue'] : undefined;
  return Array.isArray(issues) ? issues.filter(isRecord) : [];
}
