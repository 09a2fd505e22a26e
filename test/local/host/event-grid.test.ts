import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, type HostProcess, startApp } from './host-process.ts';

let host: HostProcess;
beforeAll(async () => {
  host = await startApp(fixture('typescript-app'), ['--system-key', 'a key & more']);
});
afterAll(() => host.kill());

interface Delivery {
  readonly function?: string;
  readonly type?: string;
  readonly key?: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

function send(delivery: Delivery): Promise<Response> {
  const query = new URLSearchParams({ code: delivery.key ?? 'a key & more' });
  if (delivery.function !== undefined) query.set('functionName', delivery.function);
  const { body } = delivery;
  return fetch(`${host.url}/runtime/webhooks/EventGrid?${query}`, {
    method: delivery.method ?? 'POST',
    headers: {
      ...(delivery.type === undefined ? {} : { 'aeg-event-type': delivery.type }),
      ...delivery.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

const event = (id: string, data: Record<string, unknown> = {}) => ({
  id,
  topic: '/subscriptions/x',
  subject: `fhir.example/Patient/${id}`,
  eventType: 'Microsoft.HealthcareApis.FhirResourceCreated',
  eventTime: '2026-01-01T00:00:00Z',
  dataVersion: '1',
  metadataVersion: '1',
  data,
});

interface Entry {
  readonly function: string;
  readonly input: { readonly id: string } & readonly { readonly id: string }[];
  readonly metadata?: unknown;
}

const seenBy = async (name: string): Promise<readonly Entry[]> => {
  const journal = (await (await fetch(`${host.url}/api/journal`)).json()) as readonly Entry[];
  return journal.filter((entry) => entry.function === name);
};

describe('Event Grid notifications', () => {
  it('call a single-event function once per event, with the data as metadata', async () => {
    const body = [event('s1', { resourceType: 'Patient' }), event('s2')];
    const answer = await send({ function: 'ONEevent', type: 'notification', body });
    expect([answer.status, await answer.text()]).toEqual([202, '']);
    const seen = await seenBy('oneEvent');
    expect(seen.map(({ input }) => input)).toEqual(body);
    expect(seen[0]?.metadata).toEqual({ data: { resourceType: 'Patient' } });
  });

  it('call a function of cardinality many once with the whole array', async () => {
    const body = [event('m1'), event('m2'), event('m3')];
    expect((await send({ function: 'manyEvents', type: 'Notification', body })).status).toBe(202);
    expect((await seenBy('manyEvents')).map(({ input }) => input)).toEqual([body]);
  });

  it('in the CloudEvents schema arrive alike: one object, or a batch', async () => {
    const cloud = { specversion: '1.0', type: 't', source: '/s', id: 'c1', data: { a: 1 } };
    const type = 'Notification';
    const headers = { 'content-type': 'application/cloudevents+json' };
    const one = await send({ function: 'oneEvent', type, headers, body: cloud });
    const many = await send({ function: 'manyEvents', type, headers, body: cloud });
    const batch = await send({ function: 'oneEvent', type, body: [{ ...cloud, id: 'c2' }] });
    expect([one.status, many.status, batch.status]).toEqual([202, 202, 202]);
    const ids = (await seenBy('oneEvent')).map(({ input }) => input.id);
    expect(ids).toEqual(expect.arrayContaining(['c1', 'c2']));
    expect((await seenBy('manyEvents')).at(-1)?.input).toEqual([cloud]);
  });

  it('are refused as a whole with 500 when one invocation fails, after all have run', async () => {
    const body = [event('f1'), event('f2', { fail: true }), event('f3')];
    const answer = await send({ function: 'oneEvent', type: 'Notification', body });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('1 invocation') });
    const ids = (await seenBy('oneEvent')).map(({ input }) => input.id);
    expect(ids.filter((id) => id.startsWith('f'))).toEqual(['f1', 'f2', 'f3']);
  });

  it('with no event in them succeed and call nothing', async () => {
    const before = (await seenBy('manyEvents')).length;
    expect((await send({ function: 'manyEvents', type: 'Notification', body: [] })).status).toBe(
      202,
    );
    expect(await seenBy('manyEvents')).toHaveLength(before);
  });
});

describe('the Event Grid endpoint', () => {
  it('echoes the validation code of both schemas', async () => {
    const data = { validationCode: 'abc-1', validationUrl: 'https://example.test' };
    const bodies = [[{ ...event('v'), data }], { specversion: '1.0', data: JSON.stringify(data) }];
    for (const body of bodies) {
      const answer = await send({ function: 'oneEvent', type: 'SubscriptionValidation', body });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toEqual({ validationResponse: 'abc-1' });
    }
  });

  it('consents to the CloudEvents handshake', async () => {
    const answer = await send({
      function: 'oneEvent',
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
    expect(answer.headers.get('webhook-allowed-rate')).toBe('120');
  });

  it('accepts the end of a subscription', async () => {
    expect((await send({ function: 'oneEvent', type: 'Unsubscribe' })).status).toBe(202);
  });

  const notification = { function: 'oneEvent', type: 'Notification' };
  it.each<[string, Delivery, number]>([
    ['a wrong key', { ...notification, key: 'wrong', body: [] }, 401],
    ['no function name', { type: 'Notification', body: [] }, 404],
    ['an unknown function', { ...notification, function: 'none', body: [] }, 404],
    ['a function without an Event Grid trigger', { ...notification, function: 'echo' }, 404],
    ['no event type', { function: 'oneEvent', body: [] }, 400],
    ['an unknown event type', { function: 'oneEvent', type: 'Other', body: [] }, 400],
    ['a body that is not JSON', { ...notification, body: '[{"id":' }, 400],
    ['an empty body', notification, 400],
    ['events that are no objects', { ...notification, body: [event('x'), 'text'] }, 400],
    [
      'a validation without code',
      { ...notification, type: 'SubscriptionValidation', body: [{}] },
      400,
    ],
    ['a handshake without origin', { function: 'oneEvent', method: 'OPTIONS' }, 400],
    ['another method', { function: 'oneEvent', method: 'PUT' }, 405],
  ])('refuses %s', async (_, delivery, status) => {
    const answer = await send(delivery);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ status, detail: expect.any(String) });
  });
});
