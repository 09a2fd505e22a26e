import { isRecord } from './resource.ts';

/** FHIR R4 value set `issue-type`, the only part of an OperationOutcome that holds no free text. */
const issueTypes = new Set([
  ...['invalid', 'structure', 'required', 'value', 'invariant', 'security', 'login', 'unknown'],
  ...['expired', 'forbidden', 'suppressed', 'processing', 'not-supported', 'duplicate'],
  ...['multiple-matches', 'not-found', 'deleted', 'too-long', 'code-invalid', 'extension'],
  ...['too-costly', 'business-rule', 'conflict', 'transient', 'lock-error', 'no-store'],
  ...['exception', 'timeout', 'incomplete', 'throttled', 'informational'],
]);

/**
 * The code of the first issue, or `unknown`. `diagnostics` and `details.text` may quote the
 * resource and are never read (docs/decisions/0002-no-phi.md).
 */
export function issueCode(outcome: unknown): string {
  if (!isRecord(outcome) || !Array.isArray(outcome['issue'])) {
    return 'unknown';
  }
  const first: unknown = outcome['issue'][0];
  const code = isRecord(first) ? first['code'] : undefined;
  return typeof code === 'string' && issueTypes.has(code) ? code : 'unknown';
}
