import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HostError } from '../host-error.ts';
import { problemReply, type Reply } from './reply.ts';
import type { HostRequest } from './request.ts';

export interface WebServerOptions {
  readonly port: number;
  /** Bytes; a longer body is answered 413 and never kept. */
  readonly bodyLimit: number;
  readonly handle: (request: HostRequest) => Promise<Reply>;
  /** Called when `handle` itself fails, which is a defect of the host. */
  readonly onDefect: (problem: unknown) => void;
}

export interface WebServer {
  readonly url: string;
  /** Accepts nothing new and drops connections that are idle; resolves when all are gone. */
  close(): Promise<void>;
}

/** @throws HostError PORT_IN_USE */
export async function openWebServer(options: WebServerOptions): Promise<WebServer> {
  const server = createServer((message, response) => {
    void answer(message, response, options);
  });
  await listen(server, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (problem: NodeJS.ErrnoException) =>
      reject(
        problem.code === 'EADDRINUSE'
          ? new HostError(
              'PORT_IN_USE',
              `Port ${port} is in use on 127.0.0.1: stop the other program or choose another with --port.`,
            )
          : problem,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  options: WebServerOptions,
): Promise<void> {
  try {
    send(response, await replyTo(message, options));
  } catch (problem) {
    // The caller hung up while its body was on the way: nobody is left to answer.
    if (message.destroyed && !message.complete) return;
    options.onDefect(problem);
    if (!response.headersSent)
      send(response, problemReply(500, 'Host failure', 'The host failed; its log has the cause.'));
  }
}

async function replyTo(message: IncomingMessage, options: WebServerOptions): Promise<Reply> {
  const body = await readBody(message, options.bodyLimit);
  if (body === undefined) {
    return problemReply(
      413,
      'Body too large',
      `A request body may have ${options.bodyLimit} bytes at most.`,
    );
  }
  const url = urlOf(message, options.port);
  if (url === undefined) {
    return problemReply(
      400,
      'Bad address',
      'The request line or the Host header is not a valid URL.',
    );
  }
  return options.handle({ method: message.method ?? 'GET', url, headers: message.headers, body });
}

function urlOf(message: IncomingMessage, port: number): URL | undefined {
  const path = message.url ?? '/';
  if (!path.startsWith('/')) return undefined;
  const host = message.headers.host ?? `127.0.0.1:${port}`;
  return URL.parse(`http://${host}${path}`) ?? undefined;
}

const emptyBody = Buffer.alloc(0);

/** Undefined when there is too much; the rest is read and dropped, so that the caller gets to read the answer. */
async function readBody(message: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': transfer } = message.headers;
  if (transfer === undefined && (length === undefined || length === '0')) return emptyBody;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > limit) return undefined;
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (body === undefined) response.end();
  else response.end(body);
}
