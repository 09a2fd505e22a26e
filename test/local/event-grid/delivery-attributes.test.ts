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
  grid = await startEventGrid({ port: 0, timeScale: 0.001 });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

const dynamic = (name: string, sourceField: string) => ({
  name,
  type: 'Dynamic',
  properties: { sourceField },
});

test.each(['EventGridSchema', 'CloudEventSchemaV1_0'])(
  'B2: dynamic headers carry text and numbers of the event, in %s',
  async (eventDeliverySchema) => {
    await subscribe(grid.url, receiver.url, {
      destination: {
        deliveryAttributeMappings: [
          dynamic('X-Resource', 'data.resourceType'),
          dynamic('X-Version', '$.data.resourceVersionId'),
          dynamic('X-Subject', 'subject'),
          dynamic('X-Whole', 'data'),
          dynamic('X-Absent', 'data.nothing.here'),
        ],
      },
      properties: { eventDeliverySchema },
    });
    await publish(grid.url, [fhirEvent('7', 'Observation')]);
    await whenIdle(grid.url);
    const headers = receiver.deliveries[0]!.headers;
    expect(headers).toMatchObject({
      'x-resource': 'Observation',
      'x-version': '2',
      'x-subject': 'local.fhir.azurehealthcareapis.com/Observation/7',
    });
    expect(Object.keys(headers)).not.toContain('x-whole');
    expect(Object.keys(headers)).not.toContain('x-absent');
  },
);

test('a value that no header can hold is left out and the event arrives all the same', async () => {
  await subscribe(grid.url, receiver.url, {
    destination: { deliveryAttributeMappings: [dynamic('X-Note', 'data.note')] },
  });
  const notes = ['line\nbreak', 'ü', 'x'.repeat(4_097), 'plain'];
  await publish(
    grid.url,
    notes.map((note, index) => ({ ...fhirEvent(String(index)), data: { note } })),
  );
  await whenIdle(grid.url);
  const seen = receiver.deliveries.map(({ ids, headers }) => [ids[0], headers['x-note']]);
  expect(seen.sort()).toEqual([
    ['0', undefined],
    ['1', undefined],
    ['2', undefined],
    ['3', 'plain'],
  ]);
});

test('dynamic headers are not part of the handshake', async () => {
  await subscribe(grid.url, receiver.url, {
    destination: { deliveryAttributeMappings: [dynamic('X-Resource', 'data.resourceType')] },
  });
  expect(receiver.others[0]?.headers['x-resource']).toBeUndefined();
});

test('eleven mappings, a mapping of unknown type and a path that is none are refused by name', async () => {
  const refused = async (deliveryAttributeMappings: readonly object[]) =>
    (await subscribe(grid.url, receiver.url, { destination: { deliveryAttributeMappings } })).body
      .error.message;
  const eleven = Array.from({ length: 11 }, (_, index) => dynamic(`X-${index}`, 'subject'));
  expect(await refused(eleven)).toContain('deliveryAttributeMappings');
  expect(await refused([{ ...dynamic('X-1', 'id'), type: 'Guess' }])).toContain('type');
  expect(await refused([dynamic('X-1', 'data[0]')])).toContain('sourceField');
});

test('all advanced filters together take 25 values and no more', async () => {
  const filters = (count: number) => ({
    properties: {
      filter: {
        advancedFilters: [
          { operatorType: 'StringIn', key: 'subject', values: Array(count).fill('a') },
          { operatorType: 'StringIn', key: 'id', values: ['b'] },
        ],
      },
    },
  });
  expect((await subscribe(grid.url, receiver.url, filters(24))).status).toBe(201);
  const { status, body } = await subscribe(grid.url, receiver.url, filters(25));
  expect([status, body.error.message]).toEqual([400, expect.stringContaining('25 values')]);
});
