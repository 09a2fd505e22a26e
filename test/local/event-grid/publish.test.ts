import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
  grid = await startEventGrid({ port: 0, key: 'key', timeScale: 0.001 });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

const endpoint = () => `${grid.url}/topics/fhir/api/events`;
const insecure = { allowInsecureConnection: true };

describe('the @azure/eventgrid client', () => {
  test('publishes Event Grid events, which arrive as they were sent', async () => {
    await subscribe(grid.url, receiver.url, { batch: 10 });
    const client = new EventGridPublisherClient(
      endpoint(),
      'EventGrid',
      new AzureKeyCredential('key'),
      insecure,
    );
    const { eventTime, ...event } = fhirEvent('p1');
    await client.send([{ ...event, eventTime: new Date(eventTime) }]);
    const status = await whenIdle(grid.url);
    expect(receiver.deliveries).toHaveLength(1);
    expect(receiver.deliveries[0]!.body).toEqual([
      {
        ...event,
        eventTime: '2025-01-01T00:00:00.000Z',
        topic: expect.stringContaining('/topics/fhir'),
        metadataVersion: '1',
      },
    ]);
    expect(status).toMatchObject({ publishedEvents: 1, delivered: 1, deadLettered: 0 });
    expect(Object.values(status.calls).reduce((sum, calls) => sum + calls, 0)).toBe(2);
  });

  test('publishes CloudEvents, alone and in a batch', async () => {
    await subscribe(grid.url, receiver.url, {
      batch: 1,
      properties: { eventDeliverySchema: 'CloudEventSchemaV1_0' },
    });
    const client = new EventGridPublisherClient(
      endpoint(),
      'CloudEvent',
      new AzureKeyCredential('key'),
      insecure,
    );
    const one = { type: 'T', source: '/source', subject: 's', data: { resourceType: 'Patient' } };
    await client.send([
      { ...one, id: 'a' },
      { ...one, id: 'b', extensionAttributes: { traceid: 'x1' } },
    ]);
    await whenIdle(grid.url);
    const bodies = new Map(receiver.deliveries.map((one) => [one.ids[0], one.body]));
    expect(bodies.get('a')).toMatchObject({ ...one, specversion: '1.0' });
    expect(bodies.get('b')).toMatchObject({ ...one, traceid: 'x1' });
    expect(receiver.deliveries[0]!.headers['content-type']).toMatch('application/cloudevents+json');
  });

  test('is refused with the wrong key', async () => {
    const client = new EventGridPublisherClient(
      endpoint(),
      'EventGrid',
      new AzureKeyCredential('wrong'),
      insecure,
    );
    await expect(
      client.send([{ eventType: 'T', subject: 's', dataVersion: '1', data: {} }]),
    ).rejects.toMatchObject({ statusCode: 401 });
  });
});

test('an Event Grid event reaches a CloudEvents subscriber in the documented translation', async () => {
  await subscribe(grid.url, receiver.url, {
    batch: 5,
    properties: { eventDeliverySchema: 'CloudEventSchemaV1_0' },
  });
  await publish(grid.url, [{ ...fhirEvent('p1'), topic: '/workspaces/w' }]);
  await whenIdle(grid.url);
  const { id, subject, eventType, eventTime, data } = fhirEvent('p1');
  expect(receiver.deliveries[0]!.body).toEqual([
    {
      ...{ id, source: '/workspaces/w', specversion: '1.0', type: eventType },
      ...{ dataschema: '#2', subject, time: eventTime, data },
    },
  ]);
  const type = receiver.deliveries[0]!.headers['content-type'];
  expect(type).toMatch('application/cloudevents-batch+json');
});

test('a single CloudEvent object is accepted', async () => {
  await subscribe(grid.url, receiver.url);
  const event = { id: '1', source: '/s', specversion: '1.0', type: 'T', data: {} };
  expect((await publish(grid.url, event)).status).toBe(200);
  await whenIdle(grid.url);
  expect(receiver.deliveries[0]!.ids).toEqual(['1']);
});

test.each([
  ['not JSON', '{', 'not valid JSON'],
  ['an object that is no CloudEvent', {}, 'array of events'],
  ['an element that is no object', [1], 'Event 0'],
  ['a missing id', [fhirEvent('1'), { ...fhirEvent('2'), id: undefined }], "Event 1: .*'id'"],
  ['a missing subject', [{ ...fhirEvent('1'), subject: '' }], "'subject'"],
  ['a wrong time', [{ ...fhirEvent('1'), eventTime: 'noon' }], "'eventTime'"],
  ['a wrong specversion', [{ specversion: '0.3', id: '1', source: 's', type: 't' }], 'specversion'],
])('a body with %s is refused whole with 400', async (_, body, text) => {
  await subscribe(grid.url, receiver.url);
  const response = await publish(grid.url, body);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error).toMatchObject({ code: 'BadRequest', message: expect.stringMatching(text) });
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 0, delivered: 0 });
});

test('a body over 1 MB is refused with 413', async () => {
  const padded = { ...fhirEvent('1'), data: { padding: 'x'.repeat(1_048_576) } };
  expect((await publish(grid.url, [padded])).status).toBe(413);
  const fitting = { ...fhirEvent('1'), data: { padding: 'x'.repeat(1_000_000) } };
  expect((await publish(grid.url, [fitting])).status).toBe(200);
});

test('text that no header can hold, and nesting that no stack can hold, harm nobody', async () => {
  await subscribe(grid.url, receiver.url);
  expect((await publish(grid.url, [{ ...fhirEvent('1'), dataVersion: '版\r\n2' }])).status).toBe(
    200,
  );
  const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`;
  const text = JSON.stringify([{ ...fhirEvent('2'), data: 'DEEP' }]).replace('"DEEP"', deep);
  expect((await publish(grid.url, text)).status).toBe(400);
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 1, delivered: 1 });
});

test('an unknown address says so', async () => {
  for (const path of ['/', '/topics', '/topics/fhir', '/topics/fhir/api', '/_control/nothing']) {
    expect((await fetch(`${grid.url}${path}`)).status, path).toBe(404);
  }
  expect((await fetch(`${grid.url}/topics/%ff/api/events`)).status).toBe(400);
  expect((await fetch(endpoint())).status).toBe(405);
});
