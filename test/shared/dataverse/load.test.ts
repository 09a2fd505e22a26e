import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDataverseClient, type DataverseOperation } from '../../../shared/dataverse/index.ts';
import { AppError } from '../../../shared/errors.ts';
import type { HttpResponse } from '../../../shared/http/index.ts';
import { cannedOrganisation, root } from './canned-organisation.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const created: HttpResponse = { status: 204, headers: new Headers(), text: '' };

function someCreate(): DataverseOperation {
  return { kind: 'create', table: 'account', id: randomUUID(), row: { name: 'x' } };
}

/** A server of a given latency under more load than it takes, and what reaches it. */
function busyServer(concurrency?: number) {
  const state = {
    milliseconds: 100,
    inFlight: 0,
    most: 0,
    headers: new Headers(),
    throttle: false,
  };
  const organisation = cannedOrganisation(async () => {
    state.inFlight += 1;
    state.most = Math.max(state.most, state.inFlight);
    await new Promise((done) => setTimeout(done, state.milliseconds));
    state.inFlight -= 1;
    if (state.throttle) {
      throw new AppError('REQUEST_THROTTLED', 'busy', { retryAfterSeconds: 5 });
    }
    return { ...created, headers: state.headers };
  });
  const client = createDataverseClient({
    url: root,
    send: organisation.send,
    maxOperationsPerBatch: 1,
    ...(concurrency === undefined ? {} : { concurrency }),
  });

  /** Most requests in flight in the last part of some virtual seconds of unending demand. */
  async function mostInFlight(seconds: number): Promise<number> {
    const end = Date.now() + seconds * 1000;
    const callers = Array.from({ length: 40 }, async () => {
      while (Date.now() < end) {
        await client.execute([someCreate()]).catch(() => undefined);
      }
    });
    await vi.advanceTimersByTimeAsync(seconds * 800);
    state.most = 0;
    await vi.advanceTimersByTimeAsync(seconds * 200 + 60_000);
    await Promise.all(callers);
    return state.most;
  }
  return { state, mostInFlight, organisation, client };
}

describe('requests in flight', () => {
  test('rise to the ceiling while the server is fast', async () => {
    const { mostInFlight } = busyServer(12);
    expect(await mostInFlight(5)).toBe(12);
  });

  test('fall when the server only slows down, without any 429, and rise again after', async () => {
    const { state, mostInFlight } = busyServer(16);
    expect(await mostInFlight(5)).toBe(16);
    state.milliseconds = 2000;
    expect(await mostInFlight(20)).toBeLessThanOrEqual(3);
    state.milliseconds = 100;
    expect(await mostInFlight(8)).toBe(16);
  });

  test('fall to one when the server keeps throttling', async () => {
    const { state, mostInFlight } = busyServer(16);
    expect(await mostInFlight(5)).toBe(16);
    state.throttle = true;
    expect(await mostInFlight(5)).toBe(1);
  });

  test('follow the number that the server wants', async () => {
    const { state, mostInFlight } = busyServer(16);
    state.headers = new Headers({ 'x-ms-dop-hint': '3' });
    expect(await mostInFlight(5)).toBe(3);
    state.headers = new Headers({ 'x-ms-dop-hint': '9' });
    expect(await mostInFlight(5)).toBe(9);
    state.headers = new Headers({ 'x-ms-dop-hint': '99' });
    expect(await mostInFlight(5)).toBe(16);
    state.headers = new Headers({ 'x-ms-dop-hint': 'nonsense' });
    expect(await mostInFlight(5)).toBe(16);
  });
});

describe('one call with many batches', () => {
  test('sends them side by side where they do not depend on each other', async () => {
    const { state, client } = busyServer();
    const done = client.execute(Array.from({ length: 8 }, someCreate));
    await vi.advanceTimersByTimeAsync(1000);
    expect((await done).map((result) => result.kind)).toEqual(Array(8).fill('written'));
    expect(state.most).toBeGreaterThanOrEqual(4);
  });

  test('sends those that touch the same row one after the other', async () => {
    const { state, client } = busyServer();
    const create = someCreate();
    const same = Array.from({ length: 5 }, () => create);
    const done = client.execute(same);
    await vi.advanceTimersByTimeAsync(1000);
    await done;
    expect(state.most).toBe(1);
  });

  test.each<[string, (id: string) => DataverseOperation]>([
    [
      'binds to a row that an earlier one creates',
      (id) => ({
        kind: 'create',
        table: 'contact',
        id: randomUUID(),
        row: { x_clinic: { lookup: { table: 'account', id: id.toUpperCase() } } },
      }),
    ],
    [
      'deletes a row that an earlier one creates',
      (id) => ({ kind: 'delete', table: 'account', id }),
    ],
    [
      'queries a table that an earlier one writes',
      () => ({ kind: 'query', table: 'account', select: [], filter: { all: [] } }),
    ],
  ])('holds back a batch that %s', async (_name, later) => {
    const { client, organisation } = busyServer();
    const create = { ...someCreate(), id: randomUUID() };
    const done = client.execute([create, someCreate(), later(create.id)]).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10);
    expect(organisation.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(organisation.sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(1000);
    await done;
  });

  test('holds back a write to a table that an earlier batch queries', async () => {
    const { client, organisation } = busyServer();
    const query = { kind: 'query', table: 'account', select: [], filter: { all: [] } } as const;
    const done = client.execute([query, query, someCreate()]).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10);
    expect(organisation.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    await done;
  });

  test('drops what has not started when one of them is throttled', async () => {
    const { state, client, organisation } = busyServer();
    state.throttle = true;
    const done = client.execute(Array.from({ length: 50 }, someCreate));
    const outcome = expect(done).rejects.toMatchObject({
      code: 'DATAVERSE_UNAVAILABLE',
      retryAfterSeconds: 5,
    });
    await vi.advanceTimersByTimeAsync(5000);
    await outcome;
    expect(organisation.sent.length).toBeLessThanOrEqual(4);
  });
});
