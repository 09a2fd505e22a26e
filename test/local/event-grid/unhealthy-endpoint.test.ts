import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EndpointHealth } from '../../../local/event-grid/endpoint-health.ts';
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

describe('B2: delayed delivery toward an unhealthy endpoint', () => {
  test('nine failures in a row delay nothing, the tenth delays everything', () => {
    const health = new EndpointHealth(1);
    health.failed(9, 0);
    expect(health.delayedUntil(0)).toBeUndefined();
    health.failed(1, 0);
    expect(health.delayedUntil(0)).toBe(10_000);
    expect(health.delayedUntil(10_000)).toBeUndefined();
  });

  test('each failed attempt after a delay lengthens it, up to hours', () => {
    const health = new EndpointHealth(1);
    const delays = [];
    let now = 0;
    for (let count = 0; count < 9; count += 1) {
      health.failed(10, now);
      const until = health.delayedUntil(now) ?? now;
      delays.push((until - now) / 1_000);
      now = until;
    }
    expect(delays).toEqual([10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 10_800]);
  });

  test('failures of requests that were under way when the delay began count once', () => {
    const health = new EndpointHealth(1);
    health.failed(10, 0);
    health.failed(10, 5_000);
    expect(health.delayedUntil(5_000)).toBe(10_000);
  });

  test('one success makes the endpoint healthy, and ten failures are needed again', () => {
    const health = new EndpointHealth(1);
    health.failed(10, 0);
    health.succeeded();
    expect([health.delayedUntil(0), health.mayProbeOnly]).toEqual([undefined, false]);
    health.failed(9, 0);
    expect(health.delayedUntil(0)).toBeUndefined();
  });
});

describe('through the door', () => {
  let grid: RunningEventGrid;
  let receiver: Receiver;
  beforeEach(async () => {
    grid = await startEventGrid({ port: 0, timeScale: 0.02 });
    receiver = await startReceiver();
    await subscribe(grid.url, receiver.url);
  });
  afterEach(async () => {
    await grid.close();
    await receiver.close();
  });
  const events = (count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => fhirEvent(String(from + index)));
  const received = () => receiver.deliveries.flatMap(({ ids }) => ids);
  const delayed = async () => {
    while ((await statusOf(grid.url)).delayed === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  test('new events wait too, and all arrive when the endpoint is well again', async () => {
    receiver.answer = () => 500;
    await publish(grid.url, events(10));
    await delayed();
    const before = received().length;
    receiver.answer = () => 200;
    await publish(grid.url, [fhirEvent('new')]);
    expect(received()).toHaveLength(before);
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 11, delayed: 0 });
  });

  test('a refused event (400) says nothing about the endpoint', async () => {
    receiver.answer = ({ ids }) => (ids[0] === 'good' ? 200 : 400);
    await publish(grid.url, [...events(20), fhirEvent('good')]);
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 1, deadLettered: 20, delayed: 0 });
  });

  test('an event that grows too old behind the delay is dead-lettered without another attempt', async () => {
    await subscribe(grid.url, receiver.url, {
      properties: { retryPolicy: { eventTimeToLiveInMinutes: 1 } },
    });
    receiver.answer = () => 500;
    await publish(grid.url, events(12));
    expect(await whenIdle(grid.url)).toMatchObject({ delivered: 0, deadLettered: 12 });
  });
});
