import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { FhirError } from '../outcome.ts';
import type { Fault } from './fault-script.ts';
import { sendFailure, sendText } from './reply.ts';

/** Retry-After in whole seconds and, as Azure adds, in milliseconds. */
export function retryHeaders(waitMs: number): Readonly<Record<string, string>> {
  return {
    'retry-after': String(Math.ceil(waitMs / 1_000)),
    'x-ms-retry-after-ms': String(waitMs),
  };
}

export function throttled(diagnostics = 'The request rate is too large; wait and try again.') {
  return new FhirError(429, [{ severity: 'error', code: 'throttled', diagnostics }]);
}

/** The status that a fault answers with; undefined for one that lets the work be done. */
export function faultStatus({ status, retryAfterMs }: Fault): number | undefined {
  return status ?? (retryAfterMs === undefined ? undefined : 429);
}

export function faultError(status: number): FhirError {
  if (status === 429) return throttled();
  const code = status >= 500 ? 'transient' : 'processing';
  return new FhirError(status, [{ severity: 'error', code, diagnostics: 'A scripted fault.' }]);
}

/** True when the fault has ended the request. */
export async function playFault(fault: Fault, response: ServerResponse): Promise<boolean> {
  if (fault.delayMs > 0) await delay(fault.delayMs);
  if (fault.torn === 'before') {
    response.destroy();
    return true;
  }
  const status = faultStatus(fault);
  if (status === undefined) return false;
  const hints = fault.retryAfterMs === undefined ? {} : retryHeaders(fault.retryAfterMs);
  const headers = { ...hints, ...fault.headers };
  if (fault.body === undefined) sendFailure(response, faultError(status), headers);
  else sendText(response, { status, headers, ...textOf(fault.body) });
  return true;
}

function textOf(body: Exclude<Fault['body'], undefined>) {
  if (typeof body !== 'string') {
    return { contentType: 'application/fhir+json; charset=utf-8', text: JSON.stringify(body) };
  }
  return { contentType: body.startsWith('<') ? 'text/html' : 'text/plain', text: body };
}
