import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, expect } from 'vitest';
import { startService, type TestService } from './web-api-client.ts';

export interface Delivery {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export interface Receiver {
  readonly url: string;
  readonly deliveries: Delivery[];
  /** Statuses to answer with, one per delivery; then 200. A negative one never answers. */
  readonly statuses: number[];
  close(): Promise<void>;
}

/** A listener that keeps what is posted to it. */
export async function startReceiver(): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const { url: path = '', headers } = request;
    deliveries.push({ path, headers, text, context: JSON.parse(text) });
    const status = statuses.shift() ?? 200;
    if (status > 0) {
      response.writeHead(status).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries,
    statuses,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface StepForm {
  readonly message: string;
  readonly table?: string;
  readonly url: string;
  readonly mode?: 0 | 1;
  readonly stage?: number;
  readonly columns?: string;
  readonly endpoint?: object;
  readonly more?: object;
}

/** Registers a webhook step through the Web API, as the Plug-in Registration tool does. */
export async function registerStep(service: TestService, form: StepForm): Promise<string> {
  const { message, table = 'contact', url, mode = 1, stage = 40 } = form;
  const endpoint = await service.create('serviceendpoints', {
    ...{ name: 'hook', contract: 8, authtype: 4, authvalue: 'secret', url },
    ...form.endpoint,
  });
  const filter = encodeURI(
    `sdkmessagefilters?$filter=sdkmessageid/name eq '${message}' and primaryobjecttypecode eq '${table}'&$expand=sdkmessageid`,
  );
  const { json } = await service.call('GET', filter);
  const [found] = Array.isArray(json['value']) ? json['value'] : [];
  return service.create('sdkmessageprocessingsteps', {
    ...{ name: `${message} of ${table}`, mode, stage, rank: 1, asyncautodelete: false },
    ...(form.columns === undefined ? {} : { filteringattributes: form.columns }),
    'sdkmessageid@odata.bind': `sdkmessages(${found._sdkmessageid_value})`,
    'sdkmessagefilterid@odata.bind': `sdkmessagefilters(${found.sdkmessagefilterid})`,
    'eventhandler_serviceendpoint@odata.bind': `serviceendpoints(${endpoint})`,
    ...form.more,
  });
}

/** The value under a key of an execution context's list. */
export function pairValue(list: unknown, key: string): unknown {
  const pairs: readonly { key: string; value: unknown }[] = Array.isArray(list) ? list : [];
  return pairs.find((pair) => pair.key === key)?.value;
}

/** A service and a listener, new for each test of a file that calls `useWebhooks` at its top. */
export let service: TestService;
export let receiver: Receiver;

export function useWebhooks(): void {
  beforeEach(async () => {
    receiver = await startReceiver();
    service = await startService({ webhookTimeoutMs: 3000, webhookRetryMs: 1 });
  });
  afterEach(async () => {
    await service.close();
    await receiver.close();
  });
}

/** Resolves when every delivery was made or given up. */
export const idle = (): Promise<void> =>
  expect
    .poll(async () => (await service.control('GET', 'status')).json['idle'], { timeout: 10_000 })
    .toBe(true);
