import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningEventGrid, startEventGrid } from '../../../local/event-grid/index.ts';
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

// The real schedule: without a shifted clock the first retry would come after ten seconds.
beforeEach(async () => {
  grid = await startEventGrid({ port: 0 });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

const hour = 3_600_000;

async function setClock(body: unknown): Promise<Response> {
  return fetch(`${grid.url}/_control/clock`, { method: 'POST', body: JSON.stringify(body) });
}

/** Resolves when an event has failed once and waits for its retry. */
async function whenWaiting(): Promise<void> {
  for (;;) {
    const { inFlight, publishedEvents } = await statusOf(grid.url);
    if (publishedEvents > 0 && inFlight === 0 && receiver.deliveries.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const hoursAhead = (time: unknown) =>
  Math.round((Date.parse(String(time)) - Date.now()) / hour) + 0;

test('a shifted clock shows in the Date header, in event times and in the handshake', async () => {
  await setClock({ skewMs: 5 * hour });
  expect((await subscribe(grid.url, receiver.url)).status).toBe(201);
  const answer = await publish(grid.url, {
    ...{ id: '1', source: '/s', specversion: '1.0', type: 'T', data: {} },
  });
  expect(hoursAhead(answer.headers.get('date'))).toBe(5);
  await whenIdle(grid.url);
  const [handshake] = receiver.others.map(({ body }) => body as { eventTime: string }[]);
  expect(hoursAhead(handshake![0]!.eventTime)).toBe(5);
  const [event] = receiver.deliveries[0]!.body as { eventTime: string }[];
  expect(hoursAhead(event!.eventTime)).toBe(5);
});

test('a retry comes when the shifted clock says that it is due', async () => {
  await subscribe(grid.url, receiver.url);
  receiver.answer = () => (receiver.deliveries.length === 1 ? 500 : 200);
  await publish(grid.url, [fhirEvent('p1')]);
  await whenWaiting();
  expect(receiver.deliveries).toHaveLength(1);
  grid.skew(60_000);
  expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1 });
  expect(receiver.deliveries).toHaveLength(2);
});

test('a leap over the time to live makes a dead letter of what waits, stamped with the shifted time', async () => {
  await subscribe(grid.url, receiver.url, {
    properties: { retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 60 } },
  });
  receiver.answer = () => 500;
  await publish(grid.url, [fhirEvent('p1')]);
  await whenWaiting();
  grid.skew(2 * hour);
  expect(await whenIdle(grid.url)).toMatchObject({ delivered: 0, deadLettered: 1 });
  const response = await fetch(`${grid.url}/_control/dead-letters`);
  const { value } = (await response.json()) as { value: { event: Record<string, unknown> }[] };
  expect(value[0]!.event).toMatchObject({ deadLetterReason: 'TimeToLiveExceeded' });
  expect(hoursAhead(value[0]!.event['publishTime'])).toBe(0);
  expect(hoursAhead(value[0]!.event['lastDeliveryAttemptTime'])).toBe(2);
});

test('a service may start with a wrong clock, and tells what it is', async () => {
  await grid.close();
  grid = await startEventGrid({ port: 0, clockOffsetMs: -3 * hour });
  const state = (await (await fetch(`${grid.url}/_control/clock`)).json()) as { now: string };
  expect(state).toMatchObject({ skewMs: -3 * hour });
  expect(hoursAhead(state.now)).toBe(-3);
});

test('a clock that cannot be set is refused with 400', async () => {
  for (const wrong of [{}, { skewMs: 'much' }, { skewMs: 1, at: 'noon' }]) {
    expect((await setClock(wrong)).status).toBe(400);
  }
});
