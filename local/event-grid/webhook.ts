import * as http from 'node:http';
import * as https from 'node:https';

export interface WebhookRequest {
  readonly method: 'POST' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMilliseconds: number;
  /** Told of an answer that comes this long after the time-out at most. */
  readonly late?: {
    readonly milliseconds: number;
    readonly onAnswer: (answer: WebhookAnswer) => void;
  };
}

export type WebhookAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      /** The first 64 KB; only the handshake reads it. */
      readonly body: string;
    }
  | { readonly kind: 'unanswered'; readonly outcome: 'TimedOut' | 'SocketError' };

/** Calls webhooks over kept-alive connections; redirects are not followed, as on the service. */
export interface WebhookClient {
  call(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Aborts calls under way. */
  close(): void;
}

const keptBodyBytes = 65_536;

export function createWebhookClient(): WebhookClient {
  const connections: Connections = {
    plain: new http.Agent({ keepAlive: true }),
    secure: new https.Agent({ keepAlive: true }),
    open: new Set(),
    late: new Set(),
  };
  return {
    call: (request) => call(request, connections),
    close: () => {
      for (const request of connections.open) {
        connections.open.delete(request);
        request.destroy();
      }
      for (const request of connections.late) request.destroy();
      connections.plain.destroy();
      connections.secure.destroy();
    },
  };
}

interface Connections {
  readonly plain: http.Agent;
  readonly secure: https.Agent;
  /** Requests that nobody has given up. */
  readonly open: Set<http.ClientRequest>;
  /** Requests over their time that may still be answered. */
  readonly late: Set<http.ClientRequest>;
}

/**
 * A webhook may close a kept-alive connection just as it is used again. That is
 * no failed attempt and must not cost a retry wait, so such a request is sent
 * once more on a connection of its own.
 */
function call(
  webhook: WebhookRequest,
  connections: Connections,
  fresh = false,
): Promise<WebhookAnswer> {
  return new Promise((resolve) => {
    const request = open(webhook, connections, fresh);
    let tardiness: NodeJS.Timeout | undefined;
    let outcome: 'TimedOut' | 'SocketError' = 'SocketError';
    const deadline = setTimeout(() => {
      outcome = 'TimedOut';
      connections.open.delete(request);
      if (webhook.late === undefined) request.destroy();
      else {
        connections.late.add(request);
        tardiness = setTimeout(() => request.destroy(), webhook.late.milliseconds);
        resolve({ kind: 'unanswered', outcome });
      }
    }, webhook.timeoutMilliseconds);
    const settle = (answer: WebhookAnswer | Promise<WebhookAnswer>) => {
      clearTimeout(deadline);
      clearTimeout(tardiness);
      connections.open.delete(request);
      const isLate = connections.late.delete(request);
      if (isLate && !(answer instanceof Promise)) webhook.late?.onAnswer(answer);
      resolve(answer);
    };
    connections.open.add(request);
    request.once('response', (response) => collect(response, settle));
    request.once('close', () => settle({ kind: 'unanswered', outcome }));
    request.once('error', (problem) => {
      const reset = 'code' in problem && problem.code === 'ECONNRESET';
      const stale = reset && request.reusedSocket && connections.open.has(request);
      settle(stale ? call(webhook, connections, true) : { kind: 'unanswered', outcome });
    });
    request.end(webhook.body);
  });
}

function open(
  { method, url, headers, body }: WebhookRequest,
  { plain, secure }: Connections,
  fresh: boolean,
): http.ClientRequest {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const options = { method, headers: { ...headers, ...length } };
  return new URL(url).protocol === 'https:'
    ? https.request(url, { ...options, agent: fresh ? false : secure })
    : http.request(url, { ...options, agent: fresh ? false : plain });
}

function collect(response: http.IncomingMessage, settle: (answer: WebhookAnswer) => void): void {
  const chunks: Buffer[] = [];
  let kept = 0;
  response.on('data', (chunk: Buffer) => {
    if (kept < keptBodyBytes) chunks.push(chunk);
    kept += chunk.length;
  });
  response.once('end', () =>
    settle({
      kind: 'answered',
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString('utf8', 0, keptBodyBytes),
    }),
  );
}
