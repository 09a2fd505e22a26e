import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createFhirClient, type FhirClient } from '../../../shared/fhir/index.ts';
import { createHttp } from '../../../shared/http/index.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is text already. */
  readonly body?: unknown;
}

export interface Script {
  readonly client: FhirClient;
  readonly seen: readonly SeenRequest[];
  readonly url: string;
}

export interface ScriptOptions {
  readonly batchSize?: number;
  /** Path below the server, such as `/r4`. */
  readonly basePath?: string;
  readonly maxResponseBytes?: number;
}

/** A FHIR service that answers what the test says, closed when the test is over. */
export async function script(
  answer: (request: SeenRequest, url: string) => ScriptedAnswer,
  options: ScriptOptions = {},
): Promise<Script> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
    seen.push(request);
    const { status = 200, headers: sent = {}, body } = answer(request, url);
    outgoing.writeHead(status, sent);
    outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}${options.basePath ?? ''}`;
  const send = createHttp({
    allowedOrigins: [origin],
    userAgent: 'test/1',
    retry: { attempts: 1, maxWaitSeconds: 0 },
  });
  const { batchSize, maxResponseBytes } = options;
  const client = createFhirClient({
    url,
    send: (request) => send({ ...request, ...(maxResponseBytes && { maxResponseBytes }) }),
    ...(batchSize && { batchSize }),
  });
  return { client, seen, url };
}

export function patient(id: string, versionId = '1') {
  return {
    resourceType: 'Patient',
    id,
    meta: { versionId, lastUpdated: '2026-01-01T00:00:00Z' },
  };
}

export function outcome(code: string) {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code, diagnostics: 'CANARY Jane Doe' }],
  };
}

/** The entries of a batch request. */
export function entriesOf(request: SeenRequest): {
  readonly resource?: Record<string, unknown>;
  readonly request: { readonly method: string; readonly url: string; readonly ifMatch?: string };
}[] {
  return JSON.parse(request.body).entry;
}

export function batchResponse(entry: readonly unknown[]) {
  return { body: { resourceType: 'Bundle', type: 'batch-response', entry } };
}

export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
}
