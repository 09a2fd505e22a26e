import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningEventGrid, startEventGrid } from '../../../local/event-grid/index.ts';
import { fhirEvent, publish, statusOf } from './receiver.ts';

let grid: RunningEventGrid;
beforeEach(async () => {
  grid = await startEventGrid({ port: 0 });
});
afterEach(() => grid.close());

const control = (method: string, path: string, body?: unknown) =>
  fetch(`${grid.url}/_control/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const publishedIds = async (since = 0) => {
  const { writes, next } = (await (await control('GET', `writes?since=${since}`)).json()) as {
    writes: { id: string; topic: string; agent: string; subject: string }[];
    next: number;
  };
  return { ids: writes.map(({ id }) => id), writes, next };
};

describe('scripted faults of publishing', () => {
  test('a status with headers and body, as often as told, and nothing is accepted meanwhile', async () => {
    const body = { error: { code: 'Busy', message: 'x' } };
    const fault = { method: 'POST', path: 'api/events', times: 2, status: 503, body };
    await control('POST', 'faults', [{ ...fault, headers: { 'retry-after': '9' } }]);
    const first = await publish(grid.url, [fhirEvent('a')]);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '9']);
    expect(await first.json()).toEqual(body);
    expect((await publish(grid.url, [fhirEvent('a')])).status).toBe(503);
    expect((await publish(grid.url, [fhirEvent('a')])).status).toBe(200);
    expect(await statusOf(grid.url)).toMatchObject({ publishedEvents: 1 });
  });

  test('a page of HTML, and a connection torn before and after the commit', async () => {
    grid.strike({ html: true }, { torn: 'before' }, { torn: 'after' });
    const page = await publish(grid.url, [fhirEvent('a')]);
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
    await expect(publish(grid.url, [fhirEvent('b')])).rejects.toThrow();
    await expect(publish(grid.url, [fhirEvent('c')])).rejects.toThrow();
    expect((await publishedIds()).ids).toEqual(['c']);
  });

  test('@azure/eventgrid goes on after a refused attempt', async () => {
    grid.strike({ status: 503, times: 1, headers: { 'retry-after': '0' } });
    const endpoint = `${grid.url}/topics/fhir/api/events`;
    const client = new EventGridPublisherClient(
      endpoint,
      'EventGrid',
      new AzureKeyCredential('key'),
      {
        allowInsecureConnection: true,
        retryOptions: { retryDelayInMs: 1 },
      },
    );
    const { eventTime: _, ...event } = fhirEvent('a');
    await client.send([event]);
    expect((await publishedIds()).ids).toEqual(['a']);
  });

  test('they are listed, ended over control and in process, and refused when they make no sense', async () => {
    grid.strike({ status: 500, times: 9 });
    const listed = (await (await control('GET', 'faults')).json()) as { calls: object[] };
    expect(listed.calls).toMatchObject([{ status: 500 }]);
    await control('DELETE', 'faults');
    expect((await publish(grid.url, [fhirEvent('a')])).status).toBe(200);
    grid.strike({ status: 500, times: 9 });
    grid.calm();
    expect((await publish(grid.url, [fhirEvent('b')])).status).toBe(200);
    expect((await control('POST', 'faults', { status: 200 })).status).toBe(400);
    expect((await control('POST', 'faults', { path: '(', status: 500 })).status).toBe(400);
  });
});

test('seeded faults are the same for the same calls', async () => {
  const run = async () => {
    grid.calm();
    grid.strike({ seed: 7, rates: { error503: 0.3, throttled: 0.3 } });
    const statuses: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      statuses.push((await publish(grid.url, [fhirEvent(`${index}`)])).status);
    }
    return statuses;
  };
  const first = await run();
  expect(new Set(first)).toEqual(new Set([200, 429, 503]));
  expect(await run()).toEqual(first);
});

test('every accepted event is recorded in order with its publisher', async () => {
  await publish(grid.url, [fhirEvent('a'), fhirEvent('b')]);
  const { ids, writes, next } = await publishedIds();
  expect(ids).toEqual(['a', 'b']);
  const subject = expect.stringMatching(/Patient\/a$/);
  expect(writes[0]).toMatchObject({ topic: 'fhir', agent: 'node', subject });
  await publish(grid.url, [fhirEvent('c')]);
  expect((await publishedIds(next)).ids).toEqual(['c']);
});
