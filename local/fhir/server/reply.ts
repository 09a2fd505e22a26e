import type { ServerResponse } from 'node:http';
import type { Reply } from '../interaction.ts';
import { FhirError, outcomeResource, unexpected } from '../outcome.ts';
import { lastUpdatedOf } from '../store/clock.ts';
import { etagOf } from '../store/stored-version.ts';

const fhirJson = 'application/fhir+json; charset=utf-8';

export function sendReply(response: ServerResponse, reply: Reply): void {
  const headers: Record<string, string | number> = { 'content-type': fhirJson };
  if (reply.version !== undefined) {
    headers['etag'] = etagOf(reply.version);
    headers['last-modified'] = new Date(lastUpdatedOf(reply.version.seq)).toUTCString();
  }
  if (reply.location !== undefined) headers['location'] = reply.location;
  Object.assign(headers, reply.headers);
  send(response, reply.status, headers, reply.body ?? '');
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, { 'content-type': 'application/json' }, JSON.stringify(value));
}

/** An answer that is no FHIR, such as a gateway's page; `headers` may replace the Content-Type. */
export function sendText(
  response: ServerResponse,
  answer: {
    readonly status: number;
    readonly contentType: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  },
): void {
  const headers = { 'content-type': answer.contentType, ...answer.headers };
  send(response, answer.status, headers, answer.text);
}

/** Any failure as OperationOutcome; what is no `FhirError` is a defect and says nothing of its cause. */
export function sendFailure(
  response: ServerResponse,
  error: unknown,
  extraHeaders: Readonly<Record<string, string>> = {},
): void {
  const failure = error instanceof FhirError ? error : unexpected();
  const headers = { 'content-type': fhirJson, ...extraHeaders };
  send(response, failure.status, headers, JSON.stringify(outcomeResource(failure.issues)));
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  body: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const empty = status === 204 || status === 304;
  const text = empty ? '' : body;
  response.writeHead(
    status,
    empty ? headers : { ...headers, 'content-length': Buffer.byteLength(text) },
  );
  response.end(text);
}
