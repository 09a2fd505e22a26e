import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type Door, newFolder, serve } from './running-service.ts';

interface Event {
  readonly id: string;
  readonly eventType: string;
  readonly subject: string;
  readonly data: { readonly resourceFhirId: string; readonly resourceVersionId: number };
}

const ending: (() => void)[] = [];

afterEach(() => {
  for (const end of ending.splice(0)) end();
});

test('every committed create, update and soft delete becomes one event, in commit order', async () => {
  const grid = await eventGrid();
  const service = await serve({ eventsUrl: grid.url, eventsKey: 'k1' });
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', active: true });
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', active: true });
  await service.call('DELETE', '/Patient/a');
  await idle(service);
  expect(grid.events.map(briefly)).toEqual(['Created a 1', 'Updated a 2', 'Deleted a 3']);
  expect(grid.keys).toContain('k1');
  expect(grid.events[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    topic:
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.HealthcareApis/workspaces/local',
    subject: 'local-fhir.fhir.azurehealthcareapis.com/Patient/a',
    eventType: 'Microsoft.HealthcareApis.FhirResourceCreated',
    eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
    dataVersion: '1',
    metadataVersion: '1',
    data: {
      resourceType: 'Patient',
      resourceFhirAccount: 'local-fhir.fhir.azurehealthcareapis.com',
      resourceFhirId: 'a',
      resourceVersionId: 1,
    },
  });
});

test('the deletions of a bulk delete become events without another request', async () => {
  const grid = await eventGrid();
  const service = await serve({ eventsUrl: grid.url });
  await service.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  await service.call('DELETE', '/Patient/$bulk-delete', undefined, {
    prefer: 'respond-async',
    accept: 'application/fhir+json',
  });
  await idle(service);
  expect(grid.events.map(briefly)).toEqual(['Created a 1', 'Deleted a 2']);
});

test('a failed transaction and a hard delete emit nothing; a batch emits what succeeded', async () => {
  const grid = await eventGrid();
  const service = await serve({ eventsUrl: grid.url });
  const entry = [put('a', 'a'), put('b', 'other')];
  await service.call('POST', '/', { resourceType: 'Bundle', type: 'transaction', entry });
  await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  await service.call('DELETE', '/Patient/a?hardDelete=true');
  await idle(service);
  expect(grid.events.map(briefly)).toEqual(['Created a 1']);
});

test('refused events are sent again until accepted, none lost, none reordered', async () => {
  const grid = await eventGrid();
  grid.refuse(3);
  const service = await serve({ eventsUrl: grid.url });
  const all = Array.from({ length: 600 }, (_, index) => `p${index}`);
  for (const part of [all.slice(0, 300), all.slice(300)]) {
    const entry = part.map((id) => put(id, id));
    await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  }
  await idle(service);
  expect(grid.events.map(({ data }) => data.resourceFhirId)).toEqual(all);
  expect(Math.max(...grid.batches)).toBeLessThanOrEqual(500);
});

test('events that could not be sent before a restart are sent after it', async () => {
  const dataFolder = newFolder();
  const grid = await eventGrid();
  grid.refuse(1_000_000);
  const before = await serve({ dataFolder, eventsUrl: grid.url });
  await before.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  expect((await before.call('GET', '/_control/status')).json).toMatchObject({
    idle: false,
    outbox: 1,
  });
  await before.close();
  grid.refuse(0);
  const after = await serve({ dataFolder, eventsUrl: grid.url });
  await idle(after);
  expect(grid.events.map(briefly)).toEqual(['Created a 1']);
});

function put(id: string, bodyId: string) {
  return {
    request: { method: 'PUT', url: `Patient/${id}` },
    resource: { resourceType: 'Patient', id: bodyId },
  };
}

function briefly({ eventType, data }: Event): string {
  const kind = eventType.replace('Microsoft.HealthcareApis.FhirResource', '');
  return `${kind} ${data.resourceFhirId} ${data.resourceVersionId}`;
}

async function idle(service: Door): Promise<void> {
  await vi.waitFor(
    async () => {
      expect((await service.call('GET', '/_control/status')).json['idle']).toBe(true);
    },
    { timeout: 20_000, interval: 20 },
  );
}

/** A topic that records what it accepts and can refuse the next requests. */
async function eventGrid() {
  const events: Event[] = [];
  const batches: number[] = [];
  const keys: unknown[] = [];
  let refusals = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      refusals -= 1;
      if (refusals >= 0) {
        response.writeHead(503).end();
        return;
      }
      const batch: Event[] = JSON.parse(text);
      keys.push(request.headers['aeg-sas-key']);
      batches.push(batch.length);
      events.push(...batch);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/events`,
    events,
    batches,
    keys,
    refuse(times: number): void {
      refusals = times;
    },
  };
}
