import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { createHttp, type HttpSend } from '../../../shared/http/index.ts';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is text already. */
  readonly body?: unknown;
}

export interface ScriptedService {
  readonly url: string;
  readonly send: HttpSend;
  readonly seen: readonly SeenRequest[];
}

/** A service that answers what the test says; `tear` drops the connection after the request was read. */
export async function scriptedService(
  answer: (request: SeenRequest, turn: number) => ScriptedAnswer | 'tear',
): Promise<ScriptedService> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const body = await text(incoming);
    const { method = '', url = '', headers } = incoming;
    const request = { method, url, headers, body };
    seen.push(request);
    const given = answer(request, seen.length - 1);
    if (given === 'tear') incoming.socket.destroy();
    else reply(outgoing, given);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Enough for one repeat, so that a request that must not be repeated can be seen to be.
  const retry = { attempts: 2, maxWaitSeconds: 0.2 };
  const send = createHttp({ allowedOrigins: [url], userAgent: 'test/1', retry });
  return { url, send, seen };
}

function reply(outgoing: ServerResponse, { status = 200, headers = {}, body }: ScriptedAnswer) {
  outgoing.writeHead(status, headers);
  outgoing.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

/** An OperationOutcome with a text that must go nowhere. */
export function outcome(code: string, text = 'CANARY Jane Doe') {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code, diagnostics: text }],
  };
}

export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => 'no failure',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  expect(everythingSaid(error)).not.toContain('CANARY');
  return error as AppError;
}

function everythingSaid(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = error instanceof AppError ? JSON.stringify(error.details) : '';
  return `${error.message} ${details} ${error.cause === undefined ? '' : everythingSaid(error.cause)}`;
}
