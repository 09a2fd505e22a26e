import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ApiRequest } from './api-message.ts';
import { type ControlState, controlResponse } from './control.ts';
import { errorResponse } from './dispatch.ts';
import { readHttpBody } from './http-body.ts';
import { DataverseError, resourceMissing } from './protocol-error.ts';
import type { Answer, WebApi } from './web-api.ts';

const apiRoot = /^\/api\/data\/v9\.\d+(?:\/|(?=\?)|$)/;
/** Longest URL of a request outside a batch (knowledge, not read in a page). */
const maxUrlLength = 32_768;
const controlRoot = '/_control/';

function toRequest(message: IncomingMessage, relative: string, body: string): ApiRequest {
  const question = relative.indexOf('?');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: message.method ?? 'GET',
    path: (question < 0 ? relative : relative.slice(0, question)).replace(/^%24/, '$'),
    query: question < 0 ? '' : relative.slice(question + 1),
    headers,
    body,
  };
}

function send(
  response: ServerResponse,
  answer: Answer,
  common: Readonly<Record<string, string>>,
): void {
  if (answer === undefined) {
    response.destroy();
    return;
  }
  const { status, body } = answer;
  const length = Buffer.byteLength(body);
  const isEmpty = status === 204 || status === 304;
  const requestId = randomUUID();
  response.writeHead(status, {
    ...common,
    ...answer.headers,
    'x-ms-service-request-id': requestId,
    REQ_ID: requestId,
    ...(isEmpty ? {} : { 'Content-Length': length }),
  });
  // Text goes out in one piece with the headers, ASCII without being looked at once more.
  response.end(body, length === body.length ? 'latin1' : 'utf8');
}

/** The HTTP face of the stand-in: the Web API under `/api/data/v9.2/`, control under `/_control/`. */
export function createHttpServer(api: WebApi, control: ControlState): Server {
  async function answer(message: IncomingMessage): Promise<Answer> {
    const url = message.url ?? '/';
    try {
      if (url.length > maxUrlLength) {
        throw new DataverseError(414, '0x0', 'The URL is over 32768 characters: use $batch.');
      }
      const body = await readHttpBody(message);
      if (url.startsWith(controlRoot)) {
        return controlResponse(control, toRequest(message, url.slice(controlRoot.length), body));
      }
      const root = apiRoot.exec(url)?.[0];
      if (root === undefined) {
        throw resourceMissing(url.split('/')[1] ?? '');
      }
      const baseUrl = `http://${message.headers.host ?? '127.0.0.1'}${root.replace(/\/?$/, '/')}`;
      return await api.handle(toRequest(message, url.slice(root.length), body), baseUrl);
    } catch (error) {
      return errorResponse(error);
    }
  }
  const server = createServer({ maxHeaderSize: maxUrlLength * 2 }, (message, response) => {
    answer(message)
      .then((result) => send(response, result, api.commonHeaders()))
      // A scripted fault may carry a header that HTTP cannot: that must not end the stand-in.
      .catch(() => response.destroy());
  });
  // A pooled connection must not be closed under a client that is about to use it.
  server.keepAliveTimeout = 120_000;
  return server;
}
