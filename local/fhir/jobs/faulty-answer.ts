import type { Reply } from '../interaction.ts';
import { outcomeResource } from '../outcome.ts';
import type { BulkFault, BulkFaultKind, BulkFaultOf, BulkFaults } from './bulk-faults.ts';
import type { JobKindName } from './job.ts';

export interface FaultyCall {
  readonly operation: JobKindName;
  readonly step: 'kick-off' | 'poll' | 'cancel';
}

const anywhere: readonly BulkFaultKind[] = [
  'throttled',
  'html-gateway',
  'expired-token',
  'forbidden',
  'slow',
];

/** Answers a kick-off, poll or cancel, or lets a fault answer in its place. */
export function answerWithFaults(faults: BulkFaults, call: FaultyCall, answer: () => Reply): Reply {
  const { operation, step } = call;
  const ofStep: readonly BulkFaultKind[] =
    step === 'kick-off' ? ['no-content-location'] : step === 'poll' ? ['stuck'] : [];
  const fault = faults.take(operation, step, [...anywhere, ...ofStep]);
  return fault === undefined ? answer() : faultyReply(fault, answer);
}

function faultyReply(fault: BulkFault, answer: () => Reply): Reply {
  switch (fault.kind) {
    case 'throttled':
      return {
        ...outcome(429, 'throttled', 'The request rate is too high.'),
        headers: retryHeaders(fault),
      };
    case 'html-gateway':
      return { status: 502, body: gatewayPage, headers: { 'content-type': 'text/html' } };
    case 'expired-token':
      return {
        ...outcome(401, 'login', 'Authentication failed.'),
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      };
    case 'forbidden':
      return outcome(403, 'forbidden', 'Authorization failed.');
    case 'no-content-location':
      return { ...answer(), headers: {} };
    case 'stuck':
      return { status: 202, body: '' };
    case 'slow':
      return { ...answer(), delayMs: fault.delayMs };
    default:
      return answer();
  }
}

const gatewayPage =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

function outcome(status: number, code: string, diagnostics: string): Reply {
  const resource = outcomeResource([{ severity: 'error', code, diagnostics }]);
  return { status, body: JSON.stringify(resource) };
}

function retryHeaders({
  headers,
  retryAfterMs,
}: BulkFaultOf<'throttled'>): Readonly<Record<string, string>> {
  const seconds = { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  const milliseconds = { 'x-ms-retry-after-ms': String(retryAfterMs) };
  switch (headers) {
    case 'both':
      return { ...seconds, ...milliseconds };
    case 'retry-after':
      return seconds;
    case 'retry-after-ms':
      return milliseconds;
    case 'http-date':
      return { 'retry-after': new Date(Date.now() + retryAfterMs).toUTCString() };
    case 'none':
      return {};
  }
}
