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

// facts/dataverse-and-events.md B2: "A late answer within 3 min may cancel the retry".

let grid: RunningEventGrid;
let receiver: Receiver;
let release: (status: number) => void;

beforeEach(async () => {
  receiver = await startReceiver();
  receiver.answer = () =>
    new Promise((resolve) => {
      release = resolve;
    });
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

/** The first attempt is over its time, and its retry waits. */
async function whenRetrying(): Promise<void> {
  for (;;) {
    const response = await fetch(`${grid.url}/_control/status`);
    const { retrying } = (await response.json()) as { retrying: number };
    if (retrying > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function open(timeScale: number): Promise<void> {
  grid = await startEventGrid({ port: 0, timeScale, responseTimeoutMilliseconds: 50 });
  // On a busy machine a handshake too can be over these 50 ms; it is asked for again.
  while ((await subscribe(grid.url, receiver.url)).status !== 201);
  await publish(grid.url, [fhirEvent('a')]);
  await whenRetrying();
}

test('a success that comes late cancels the retry: the event is delivered once', async () => {
  await open(1);
  release(200);
  expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1, retrying: 0 });
  expect(receiver.deliveries).toHaveLength(1);
});

test('a failure that comes late cancels nothing', async () => {
  await open(0.05);
  release(500);
  receiver.answer = () => 200;
  expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1 });
  expect(receiver.deliveries).toHaveLength(2);
});
