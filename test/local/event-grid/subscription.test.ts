import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningEventGrid, startEventGrid } from '../../../local/event-grid/index.ts';
import {
  fhirEvent,
  publish,
  type Receiver,
  startReceiver,
  subscribe,
  whenIdle,
} from './receiver.ts';

let grid: RunningEventGrid;
let receiver: Receiver;

beforeEach(async () => {
  const responseTimeoutMilliseconds = 2_000;
  grid = await startEventGrid({ port: 0, timeScale: 0.001, responseTimeoutMilliseconds });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

const cloud = { properties: { eventDeliverySchema: 'CloudEventSchemaV1_0' } };
const address = (name = '') => `${grid.url}/topics/fhir/subscriptions/${name}`;

test('the Event Grid handshake is one validation event in an array, answered with its code', async () => {
  const { status, body } = await subscribe(grid.url, receiver.url);
  expect(status).toBe(201);
  expect(body.properties.provisioningState).toBe('Succeeded');
  expect(receiver.others).toHaveLength(1);
  const [handshake] = receiver.others;
  expect(handshake!.headers['aeg-event-type']).toBe('SubscriptionValidation');
  expect(handshake!.headers['aeg-subscription-name']).toBe('SYNC');
  expect(handshake!.body).toEqual([
    expect.objectContaining({
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
      data: {
        validationCode: expect.any(String),
        validationUrl: expect.stringMatching(`^${grid.url}/validate[?]id=`),
      },
    }),
  ]);
  expect((await subscribe(grid.url, receiver.url)).status).toBe(200);
});

test('B3: a webhook that answers 200 without a code is confirmed by opening its validationUrl', async () => {
  receiver.handshake = () => ({ status: 200, body: '' });
  const subscribed = subscribe(grid.url, receiver.url);
  await expect.poll(() => receiver.others.length, { interval: 5 }).toBe(1);
  const [event] = receiver.others[0]!.body as [{ data: { validationUrl: string } }];
  expect((await fetch(event.data.validationUrl)).status).toBe(200);
  expect((await subscribed).status).toBe(201);
  expect((await fetch(event.data.validationUrl)).status).toBe(404);
});

test('the CloudEvents handshake is OPTIONS, and consent is the header', async () => {
  expect((await subscribe(grid.url, receiver.url, cloud)).status).toBe(201);
  expect(receiver.others[0]!.headers['webhook-request-origin']).toBe('eventgrid.azure.net');
});

test.each([
  ['202 instead of 200', (code: string) => ({ status: 202, body: answer(code) }), 'answered 202'],
  ['another code', () => ({ status: 200, body: answer('other') }), 'validationResponse'],
  ['no JSON', () => ({ status: 200, body: 'ok' }), 'validationResponse'],
  ['an error', () => ({ status: 500, body: '' }), 'answered 500'],
])(
  'a webhook that answers the handshake with %s gets no subscription',
  async (_, handshake, text) => {
    receiver.handshake = handshake;
    const { status, body } = await subscribe(grid.url, `${receiver.url}?code=secret`);
    expect(status).toBe(400);
    expect(body.error.message).toContain(text);
    expect(body.error.message).toContain(receiver.url);
    expect(body.error.message).not.toContain('secret');
    expect((await fetch(address('sync'))).status).toBe(404);
  },
);

function answer(code: string): string {
  return JSON.stringify({ validationResponse: code });
}

test('a webhook that does not consent to CloudEvents, or is not there, gets no subscription', async () => {
  receiver.allowedOrigin = undefined;
  expect((await subscribe(grid.url, receiver.url, cloud)).status).toBe(400);
  const nobody = await subscribe(grid.url, 'http://127.0.0.1:9/hook');
  expect(nobody.status).toBe(400);
  expect(nobody.body.error.message).toContain('no connection');
});

test('wrong properties are all named', async () => {
  const { status, body } = await subscribe(grid.url, 'ftp://x', {
    batch: 5_001,
    properties: {
      retryPolicy: { maxDeliveryAttempts: 31 },
      filter: { advancedFilters: [{ operatorType: 'Guess', key: 'data.x' }] },
    },
  });
  expect(status).toBe(400);
  for (const part of [
    'endpointUrl',
    'maxEventsPerBatch',
    'maxDeliveryAttempts',
    'advancedFilters.0',
  ]) {
    expect(body.error.message).toContain(part);
  }
  expect((await fetch(address('x!'), { method: 'PUT', body: '{}' })).status).toBe(400);
});

test('static headers go with every request, and a secret one is shown to nobody', async () => {
  const mapping = (name: string, value: string, isSecret: boolean) => ({
    ...{ name, type: 'Static', properties: { value, isSecret } },
  });
  const { body } = await subscribe(grid.url, receiver.url, {
    destination: {
      deliveryAttributeMappings: [mapping('X-Plain', 'p', false), mapping('X-Key', 's3cret', true)],
    },
  });
  await publish(grid.url, [fhirEvent('1')]);
  await whenIdle(grid.url);
  for (const request of [...receiver.others, ...receiver.deliveries]) {
    expect(request.headers).toMatchObject({ 'x-plain': 'p', 'x-key': 's3cret' });
  }
  const shown = [body, await (await fetch(address('sync'))).json()];
  expect(JSON.stringify(shown)).not.toContain('s3cret');
});

test('subscriptions are listed, and a deleted one is told and gets nothing more', async () => {
  await subscribe(grid.url, receiver.url, { name: 'one' });
  await subscribe(grid.url, receiver.url, { name: 'two' });
  const listed = (await (await fetch(address())).json()) as { value: { name: string }[] };
  expect(listed.value.map(({ name }) => name)).toEqual(['one', 'two']);
  expect((await fetch(address('one'), { method: 'DELETE' })).status).toBe(200);
  expect((await fetch(address('one'), { method: 'DELETE' })).status).toBe(204);
  expect(receiver.others.at(-1)!.headers['aeg-event-type']).toBe('Unsubscribe');
  await publish(grid.url, [fhirEvent('1')]);
  await whenIdle(grid.url);
  expect(receiver.deliveries.map((one) => one.headers['aeg-subscription-name'])).toEqual(['TWO']);
});

test('a subscription keeps its schema, because waiting events have it', async () => {
  await subscribe(grid.url, receiver.url);
  const { status, body } = await subscribe(grid.url, receiver.url, cloud);
  expect(status).toBe(400);
  expect(body.error.message).toContain('eventDeliverySchema');
});
