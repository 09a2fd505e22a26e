import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  /** Ids of the events in the request, in order. */
  readonly ids: readonly string[];
  /** Of the handshake; empty otherwise. */
  readonly validationCode: string;
}

export interface Receiver {
  readonly url: string;
  readonly deliveries: Delivery[];
  /** Requests that were no notifications: `POST Unsubscribe`, `OPTIONS `. */
  readonly others: Delivery[];
  /** Status for a delivery; 202 unless a test says otherwise. A promise delays the answer. */
  answer: (delivery: Delivery) => number | Promise<number>;
  handshake: (code: string) => { readonly status: number; readonly body: string };
  allowedOrigin: string | undefined;
  close(): Promise<void>;
}

/** A webhook on loopback that plays the handshake and records what it is sent. */
export async function startReceiver(): Promise<Receiver> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const delivery = deliveryOf(request.headers, Buffer.concat(chunks).toString('utf8'));
      if (request.headers['aeg-event-type'] === 'Notification') {
        receiver.deliveries.push(delivery);
        response.writeHead(await receiver.answer(delivery)).end();
        return;
      }
      receiver.others.push(delivery);
      if (request.method === 'OPTIONS') {
        const origin = receiver.allowedOrigin;
        response.writeHead(200, origin === undefined ? {} : { 'WebHook-Allowed-Origin': origin });
        response.end();
        return;
      }
      const { status, body } = receiver.handshake(delivery.validationCode);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    deliveries: [],
    others: [],
    answer: () => 202,
    handshake: (code) => ({ status: 200, body: JSON.stringify({ validationResponse: code }) }),
    allowedOrigin: '*',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

function deliveryOf(headers: IncomingHttpHeaders, text: string): Delivery {
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const events = Array.isArray(body) ? body : [body];
  const validationCode = String(events[0]?.data?.validationCode ?? '');
  return { headers, body, ids: events.map((event) => String(event?.id)), validationCode };
}

export interface SubscriptionAnswer {
  readonly properties: { readonly provisioningState: string };
  readonly error: { readonly code: string; readonly message: string };
}

export interface GridStatus {
  readonly idle: boolean;
  readonly inFlight: number;
  /** Subscriptions whose endpoint is held for unhealthy. */
  readonly delayed: number;
  readonly publishedEvents: number;
  readonly calls: Readonly<Record<string, number>>;
}

export interface SubscriptionWish {
  readonly name?: string;
  readonly batch?: number;
  readonly destination?: object;
  readonly properties?: object;
}

/** PUTs a subscription of topic `fhir` and returns the answer. */
export async function subscribe(
  gridUrl: string,
  endpointUrl: string,
  { name = 'sync', batch = 1, destination = {}, properties = {} }: SubscriptionWish = {},
): Promise<{ readonly status: number; readonly body: SubscriptionAnswer }> {
  const response = await fetch(`${gridUrl}/topics/fhir/subscriptions/${name}`, {
    method: 'PUT',
    body: JSON.stringify({
      properties: {
        destination: {
          endpointType: 'WebHook',
          properties: { endpointUrl, maxEventsPerBatch: batch, ...destination },
        },
        ...properties,
      },
    }),
  });
  return { status: response.status, body: (await response.json()) as SubscriptionAnswer };
}

export function fhirEvent(id: string, resourceType = 'Patient') {
  return {
    id,
    subject: `local.fhir.azurehealthcareapis.com/${resourceType}/${id}`,
    eventType: 'Microsoft.HealthcareApis.FhirResourceUpdated',
    eventTime: '2025-01-01T00:00:00.0000000Z',
    dataVersion: '2',
    data: {
      resourceType,
      resourceFhirAccount: 'local.fhir.azurehealthcareapis.com',
      resourceFhirId: id,
      resourceVersionId: 2,
    },
  };
}

export async function publish(gridUrl: string, events: unknown, key = 'key'): Promise<Response> {
  return fetch(`${gridUrl}/topics/fhir/api/events?api-version=2018-01-01`, {
    method: 'POST',
    headers: { 'aeg-sas-key': key, 'content-type': 'application/json' },
    body: typeof events === 'string' ? events : JSON.stringify(events),
  });
}

export async function statusOf(gridUrl: string): Promise<GridStatus> {
  return (await (await fetch(`${gridUrl}/_control/status`)).json()) as GridStatus;
}

export async function whenIdle(gridUrl: string): Promise<GridStatus> {
  for (;;) {
    const status = await statusOf(gridUrl);
    if (status.idle) return status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
