import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bodyLimit,
  cloudEvent,
  eventGridPath,
  gridEvent,
  patient,
  type RunningApp,
  startRunningApp,
} from './running-app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp();
}, 120_000);
afterAll(() => app?.stop());

const families = async (): Promise<readonly string[]> =>
  (await app.rows('contacts')).map((row) => String(row['lastname'])).toSorted();

const appliedNow = async (): Promise<number> => (await app.settled()).outcomes['applied'] ?? 0;

describe('the subscription handshake', () => {
  it('answers the validation code of the Event Grid schema', async () => {
    const validation = {
      id: '1',
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
      eventTime: '2026-01-31T12:00:00Z',
      dataVersion: '1',
      data: { validationCode: 'code-512' },
    };
    const { status, body } = await app.deliver([validation], {
      'aeg-event-type': 'SubscriptionValidation',
    });
    expect([status, body]).toEqual([200, { validationResponse: 'code-512' }]);
  });

  it('gives consent to the sender of CloudEvents', async () => {
    const response = await fetch(app.host.url + eventGridPath(app.host), {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
  });
});

describe('what is refused at the door', () => {
  it.each([
    ['a wrong system key', 401, '?functionName=fhirEvents&code=wrong'],
    ['no system key', 401, '?functionName=fhirEvents'],
  ])('%s: %i', async (_name, status, query) => {
    const answer = await app.call('POST', `/runtime/webhooks/eventgrid${query}`, { body: '[]' });
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json']);
  });

  it.each(['nobody', 'status', 'syncChanges'])('%s is no function for events', async (name) => {
    const answer = await app.call('POST', eventGridPath(app.host, name), {
      body: '[]',
      headers: { 'aeg-event-type': 'Notification' },
    });
    expect(answer.status).toBe(404);
  });

  it('a body that is larger than any delivery', async () => {
    const events = [{ ...gridEvent('Patient/large'), subject: 'x'.repeat(bodyLimit) }];
    expect(await app.deliver(events)).toMatchObject({
      status: 413,
      type: 'application/problem+json',
    });
  });

  it.each(['not json', '"text"', '[1, 2]'])(
    'a body that is no list of events: %s',
    async (body) => {
      const { status } = await app.deliver(body);
      expect(status).toBe(400);
    },
  );
});

describe('a delivery', () => {
  it('is applied in either schema', async () => {
    await app.put(patient('grid', 'Grid'));
    await app.put(patient('cloud', 'Cloud'));
    expect((await app.deliver([gridEvent('Patient/grid')])).status).toBe(202);
    expect((await app.deliver([cloudEvent('Patient/cloud')])).status).toBe(202);
    await app.settled();
    expect(await families()).toEqual(expect.arrayContaining(['Cloud', 'Grid']));
  });

  it('with one poison event among many: the others are applied, one is quarantined, all is accepted', async () => {
    const before = await app.settled();
    const ids = ['p1', 'p2', 'p3', 'p4'];
    for (const id of ids) await app.put(patient(id, `Many-${id}`));
    const events = ids.map((id) => gridEvent(`Patient/${id}`));
    const poison = gridEvent('Patient/p5');
    const wrong = { ...poison, data: { ...poison.data, resourceFhirId: '../../secrets' } };
    const { status } = await app.deliver([...events.slice(0, 2), wrong, ...events.slice(2)]);
    expect(status).toBe(202);
    const after = await app.settled();
    expect(after.quarantined - before.quarantined).toBe(1);
    expect(after.received - before.received).toBe(4);
    expect((await families()).filter((name) => name.startsWith('Many-'))).toHaveLength(4);
  });

  it('with nothing but poison, or events of other services, starts nothing', async () => {
    const before = await app.settled();
    const other = { ...gridEvent('Patient/x'), eventType: 'Microsoft.Storage.BlobCreated' };
    expect(
      (await app.deliver([other, { ...gridEvent('Patient/x'), id: 'has spaces' }])).status,
    ).toBe(202);
    const after = await app.settled();
    expect(after.ignored - before.ignored).toBe(1);
    expect(after.quarantined - before.quarantined).toBe(1);
    expect(after.received).toBe(before.received);
  });

  it('that comes three times, in any order and grouping, writes once', async () => {
    const before = await appliedNow();
    const ids = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6'];
    for (const id of ids) await app.put(patient(id, `Dup-${id}`));
    const events = ids.map((id) => gridEvent(`Patient/${id}`));
    const deliveries = [
      events,
      events.toReversed(),
      [events[3], events[0], events[5]],
      [events[2], events[4], events[1], events[2]],
    ];
    const answers = await Promise.all(deliveries.map((some) => app.deliver(some)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect((await appliedNow()) - before).toBe(6);
    expect((await families()).filter((name) => name.startsWith('Dup-'))).toHaveLength(6);
  });

  it('that names an event twice counts it once, and its story says what was done', async () => {
    const before = await app.settled();
    await app.put(patient('twice', 'Twice'));
    await app.deliver([gridEvent('Patient/twice'), gridEvent('Patient/twice')]);
    const after = await app.settled();
    expect(after.received - before.received).toBe(1);
    const { body } = await app.call('GET', '/api/operations/changes/Patient/twice');
    expect(body['chapters']).toMatchObject([{ outcome: { kind: 'applied' } }]);
  });

  it('of more than a hundred changes is handled in several sets, and counted once', async () => {
    const before = await app.settled();
    const events = Array.from({ length: 230 }, (_, index) => gridEvent(`Basic/b${index}`));
    const other = { ...gridEvent('Basic/x'), eventType: 'Microsoft.Storage.BlobCreated' };
    expect((await app.deliver([...events, other])).status).toBe(202);
    expect((await app.deliver([...events, other])).status).toBe(202);
    const after = await app.settled();
    expect(after.received - before.received).toBe(230);
    expect(after.ignored - before.ignored).toBe(1);
    expect((after.outcomes['skipped'] ?? 0) - (before.outcomes['skipped'] ?? 0)).toBe(230);
  });

  it('of a change set that is closed does nothing', async () => {
    await app.put(patient('closed', 'Closed'));
    await app.deliver([gridEvent('Patient/closed')]);
    const before = await app.settled();
    const story = (await app.call('GET', '/api/operations/changes/Patient/closed')).body;
    expect((await app.deliver([gridEvent('Patient/closed')])).status).toBe(202);
    expect(await app.settled()).toEqual(before);
    expect((await app.call('GET', '/api/operations/changes/Patient/closed')).body).toEqual(story);
  });

  it('drops and counts the echo of the identifier that the app wrote', async () => {
    await app.put(patient('echo', 'Echo'));
    await app.deliver([gridEvent('Patient/echo')]);
    const before = await app.settled();
    const current = await (await fetch(`${app.fhirUrl}/Patient/echo`)).json();
    expect(current).toMatchObject({ meta: { versionId: '2' } });
    await app.deliver([gridEvent('Patient/echo', { version: 2, kind: 'Updated' })]);
    const after = await app.settled();
    expect(after.echoes - before.echoes).toBe(1);
    expect(after.received).toBe(before.received);
    expect(after.outcomes).toEqual(before.outcomes);
  });

  it('of a deletion removes the row', async () => {
    await app.put(patient('gone', 'Gone'));
    await app.deliver([gridEvent('Patient/gone')]);
    await app.settled();
    expect(await families()).toContain('Gone');
    await fetch(`${app.fhirUrl}/Patient/gone`, { method: 'DELETE' });
    await app.deliver([gridEvent('Patient/gone', { version: 3, kind: 'Deleted' })]);
    await app.settled();
    expect(await families()).not.toContain('Gone');
  });

  it('leaves references and counts in the durable histories, nothing of the bodies', async () => {
    await app.put({ ...patient('canary', 'Kanarienvogel'), gender: 'other' });
    await app.deliver([gridEvent('Patient/canary')]);
    await app.settled();
    expect(await families()).toContain('Kanarienvogel');
    const instances = `/runtime/webhooks/durabletask/instances`;
    const query = `showInput=true&showHistory=true&showHistoryOutput=true&code=${app.host.keys.system}`;
    const list = await fetch(`${app.host.url}${instances}?${query}`);
    const ids = ((await list.json()) as { instanceId: string }[]).map((one) => one.instanceId);
    const histories = await Promise.all(
      ids.map(async (id) => (await fetch(`${app.host.url}${instances}/${id}?${query}`)).text()),
    );
    const kept = histories.join('\n');
    expect(kept).toContain('Patient/canary');
    expect(kept).toContain('recordOutcomes');
    expect(kept).not.toMatch(/Kanarienvogel|"gender"|"given"/);
    expect(app.host.log()).not.toMatch(/Kanarienvogel/);
  });

  it('leaves counts that close', async () => {
    const { received, pending, outcomes } = await app.settled();
    const sum = Object.values(outcomes).reduce((a, b) => a + b);
    expect(sum + pending).toBe(received);
  });
});
