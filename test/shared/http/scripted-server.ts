import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect } from 'vitest';
import { AppError } from '../../../shared/errors.ts';

export type Step = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface ScriptedServer {
  readonly url: string;
  /** Requests seen so far. */
  readonly seen: readonly {
    readonly method: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  close(): Promise<void>;
}

/** A server that plays its steps in order and repeats the last one for ever. */
export async function scriptedServer(...steps: readonly Step[]): Promise<ScriptedServer> {
  const seen: { method: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer(async (request, response) => {
    const step = steps[Math.min(seen.length, steps.length - 1)]!;
    seen.push({ method: request.method ?? '', headers: request.headers });
    step(request, response, await text(request));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

export function answer(status: number, body = '', headers: Record<string, string> = {}): Step {
  return (_request, response) => response.writeHead(status, headers).end(body);
}

export const hangUp: Step = (request) => request.socket.destroy();

/** To be called once at the top of a test file: servers that live as long as a test. */
export function useScriptedServers(): (...steps: readonly Step[]) => Promise<ScriptedServer> {
  const open: ScriptedServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  return async (...steps) => {
    const server = await scriptedServer(...steps);
    open.push(server);
    return server;
  };
}

/** The error that the work ends with; it is one of the catalogue. */
export async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}
