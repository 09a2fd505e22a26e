import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningEventGrid, startEventGrid } from '../../../local/event-grid/index.ts';
import { seededRandom } from '../../../local/seed/index.ts';
import {
  fhirEvent,
  publish,
  type Receiver,
  startReceiver,
  statusOf,
  subscribe,
  whenIdle,
} from './receiver.ts';

let grid: RunningEventGrid;
let receiver: Receiver;

beforeEach(async () => {
  grid = await startEventGrid({ port: 0, timeScale: 0.001, responseTimeoutMilliseconds: 300 });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

const events = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => fhirEvent(String(from + index)));
const received = () => receiver.deliveries.flatMap((delivery) => delivery.ids);
const deadLetters = async () => {
  const response = await fetch(`${grid.url}/_control/dead-letters`);
  return ((await response.json()) as { value: { event: Record<string, unknown> }[] }).value;
};

test('a lone event is an array of one with the documented headers', async () => {
  await subscribe(grid.url, receiver.url);
  await publish(grid.url, events(1));
  await whenIdle(grid.url);
  const [delivery] = receiver.deliveries;
  expect(delivery!.body).toHaveLength(1);
  expect(delivery!.headers).toMatchObject({
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': 'SYNC',
    'aeg-delivery-count': '0',
    'aeg-data-version': '2',
    'aeg-metadata-version': '1',
  });
});

test('a topic has its own subscribers', async () => {
  await subscribe(grid.url, receiver.url);
  const elsewhere = `${grid.url}/topics/other/api/events`;
  const sent = await fetch(elsewhere, { method: 'POST', body: JSON.stringify(events(1)) });
  expect(sent.status).toBe(200);
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 1, delivered: 0 });
});

describe('batches', () => {
  test('grow to maxEventsPerBatch while requests are in flight, and never beyond', async () => {
    await subscribe(grid.url, receiver.url, { batch: 20 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    receiver.answer = () => held.then(() => 200);
    for (let round = 0; round < 30; round += 1) await publish(grid.url, events(10, round * 10));
    release();
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 300 });
    const sizes = receiver.deliveries.map(({ ids }) => ids.length);
    expect(Math.max(...sizes)).toBe(20);
    expect(new Set(received()).size).toBe(300);
    expect(sizes.length).toBeLessThan(25);
  });

  test('gather behind a request in flight, while a lone event never waits', async () => {
    await grid.close();
    grid = await startEventGrid({ port: 0, lingerMilliseconds: 3_600_000 });
    await subscribe(grid.url, receiver.url, { batch: 20 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    receiver.answer = () => held.then(() => 200);
    await publish(grid.url, events(1));
    while (receiver.deliveries.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let index = 1; index <= 10; index += 1) await publish(grid.url, events(1, index));
    expect(await statusOf(grid.url)).toMatchObject({ queued: 10, inFlight: 1 });
    release();
    await whenIdle(grid.url);
    expect(receiver.deliveries.map(({ ids }) => ids.length)).toEqual([1, 10]);
  });

  test('wait behind a slow request no longer than the linger time', async () => {
    await subscribe(grid.url, receiver.url, { batch: 20 });
    receiver.answer = ({ ids }) => (ids[0] === '0' ? new Promise<number>(() => undefined) : 200);
    await publish(grid.url, events(1));
    await publish(grid.url, events(1, 1));
    while (!received().includes('1')) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await statusOf(grid.url)).toMatchObject({ publishedEvents: 2 });
  });

  test('hold only events with the same number of attempts, so the count is right for each', async () => {
    await subscribe(grid.url, receiver.url, { batch: 5 });
    const random = seededRandom(7);
    const failures = new Map<string, number>();
    receiver.answer = ({ ids, headers }) => {
      for (const id of ids)
        expect(headers['aeg-delivery-count']).toBe(String(failures.get(id) ?? 0));
      if (random.chance(0.7)) return 200;
      for (const id of ids) failures.set(id, (failures.get(id) ?? 0) + 1);
      return 500;
    };
    for (let round = 0; round < 20; round += 1) await publish(grid.url, events(7, round * 7));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 140 });
    expect(Math.max(...failures.values())).toBeGreaterThan(1);
  });

  test('stay within the preferred size in kilobytes', async () => {
    await subscribe(grid.url, receiver.url, {
      ...{ batch: 100, destination: { preferredBatchSizeInKilobytes: 2 } },
    });
    await publish(grid.url, events(50));
    await whenIdle(grid.url);
    for (const { body } of receiver.deliveries) {
      expect(JSON.stringify(body).length).toBeLessThan(2_200);
    }
    expect(new Set(received()).size).toBe(50);
  });

  test('succeed or fail as one: a refused batch comes again whole', async () => {
    await subscribe(grid.url, receiver.url, { batch: 10 });
    receiver.answer = ({ headers }) => (headers['aeg-delivery-count'] === '0' ? 500 : 200);
    await publish(grid.url, events(10));
    await whenIdle(grid.url);
    expect(receiver.deliveries.map(({ ids }) => ids)).toEqual(
      Array.from({ length: 2 }, () => events(10).map(({ id }) => id)),
    );
  });

  test('no more than four are in flight at once', async () => {
    await subscribe(grid.url, receiver.url);
    let [now, most] = [0, 0];
    receiver.answer = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      return 200;
    };
    await publish(grid.url, events(60));
    await whenIdle(grid.url);
    expect(most).toBe(4);
  });
});

describe('failures', () => {
  test.each([500, 404, 408, 429, 503, 302, 205])(
    'an event answered with %i comes again with a higher delivery count until it succeeds',
    async (status) => {
      await subscribe(grid.url, receiver.url);
      receiver.answer = ({ headers }) => (headers['aeg-delivery-count'] === '1' ? 204 : status);
      await publish(grid.url, events(1));
      expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1, deadLettered: 0 });
      const counts = receiver.deliveries.map(({ headers }) => headers['aeg-delivery-count']);
      expect(counts).toEqual(['0', '1']);
    },
  );

  test.each([
    [400, 'UndeliverableDueToHttpBadRequest', 'BadRequest'],
    [401, 'UndeliverableDueToHttpUnauthorized', 'Unauthorized'],
    [403, 'UndeliverableDueToHttpForbidden', 'Forbidden'],
    [413, 'UndeliverableDueToHttpRequestEntityTooLarge', 'PayloadTooLarge'],
  ])('an event answered with %i is dead-lettered at once', async (status, reason, outcome) => {
    await subscribe(grid.url, receiver.url, { batch: 2 });
    receiver.answer = () => status;
    await publish(grid.url, events(2));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 0, deadLettered: 2 });
    expect(receiver.deliveries).toHaveLength(1);
    const dead = await deadLetters();
    expect(dead.map(({ event }) => event['id']).sort()).toEqual(['0', '1']);
    expect(dead[0]!.event).toMatchObject({
      deadLetterReason: reason,
      deliveryAttempts: 1,
      lastDeliveryOutcome: outcome,
      publishTime: expect.any(String),
      lastDeliveryAttemptTime: expect.any(String),
      data: { resourceType: 'Patient' },
    });
  });

  test('after maxDeliveryAttempts the event is a dead letter', async () => {
    await subscribe(grid.url, receiver.url, {
      properties: { retryPolicy: { maxDeliveryAttempts: 3 } },
    });
    receiver.answer = () => 500;
    await publish(grid.url, events(1));
    expect(await whenIdle(grid.url)).toMatchObject({ deadLettered: 1 });
    expect(receiver.deliveries).toHaveLength(3);
    expect((await deadLetters())[0]!.event).toMatchObject({
      deadLetterReason: 'MaxDeliveryAttemptsExceeded',
      deliveryAttempts: 3,
    });
  });

  test('an event older than its time to live is a dead letter', async () => {
    await subscribe(grid.url, receiver.url, {
      properties: { retryPolicy: { eventTimeToLiveInMinutes: 1 } },
    });
    receiver.answer = () => 500;
    await publish(grid.url, events(1));
    await whenIdle(grid.url);
    expect((await deadLetters())[0]!.event['deadLetterReason']).toBe('TimeToLiveExceeded');
  });

  test('a webhook that does not answer in time is tried again', async () => {
    await subscribe(grid.url, receiver.url);
    receiver.answer = ({ headers }) =>
      headers['aeg-delivery-count'] === '0' ? new Promise<number>(() => undefined) : 200;
    await publish(grid.url, events(1));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1 });
    expect(receiver.deliveries).toHaveLength(2);
  });

  test('dead letters of a CloudEvents subscription have lower case names', async () => {
    await subscribe(grid.url, receiver.url, {
      properties: { eventDeliverySchema: 'CloudEventSchemaV1_0' },
    });
    receiver.answer = () => 400;
    await publish(grid.url, events(1));
    await whenIdle(grid.url);
    expect((await deadLetters())[0]!.event).toMatchObject({
      deadletterreason: 'UndeliverableDueToHttpBadRequest',
      deliveryattempts: 1,
    });
  });

  test('while an event waits for its retry the grid is not idle', async () => {
    await subscribe(grid.url, receiver.url);
    receiver.answer = () => 503;
    await publish(grid.url, events(1));
    while (receiver.deliveries.length === 0 || (await statusOf(grid.url)).inFlight > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await statusOf(grid.url)).toMatchObject({ idle: false });
    receiver.answer = () => 200;
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1 });
  });
});

describe('faults', () => {
  const setFaults = (faults: object) =>
    fetch(`${grid.url}/_control/faults`, { method: 'POST', body: JSON.stringify(faults) });

  test('under duplicates, reordering, drops and lost answers every event still arrives', async () => {
    await subscribe(grid.url, receiver.url, { batch: 7 });
    await setFaults({
      ...{ seed: 42, duplicateRate: 0.3, reorderRate: 0.5, dropRate: 0.1, lostAnswerRate: 0.1 },
    });
    for (let round = 0; round < 20; round += 1) await publish(grid.url, events(10, round * 10));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 200, deadLettered: 0 });
    expect(new Set(received()).size).toBe(200);
    expect(received().length).toBeGreaterThan(200);
    const firstSeen = [...new Set(received())].map(Number);
    expect(firstSeen).not.toEqual([...firstSeen].sort((a, b) => a - b));
  });

  test('a duplicate rate of 1 delivers each event exactly twice', async () => {
    await subscribe(grid.url, receiver.url, { batch: 3 });
    await setFaults({ duplicateRate: 1 });
    await publish(grid.url, events(9));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 9 });
    expect(received().sort()).toEqual(events(9).flatMap(({ id }) => [id, id]));
  });

  test('wrong faults are refused by name', async () => {
    const response = await setFaults({ dropRate: 2, dropperate: 1 });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain('dropRate');
    expect(text).toContain('dropperate');
  });
});
