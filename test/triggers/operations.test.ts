import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gridEvent, patient, type RunningApp, startRunningApp } from './running-app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp({ FDS_RETRY_ATTEMPTS: '1' });
}, 120_000);
afterAll(() => app?.stop());

const redrive = '/api/operations/dead-letters/redrive';
const letters = '/api/operations/dead-letters';

describe('GET /api/status', () => {
  it('tells that nothing is going on, counts, and the maps in force', async () => {
    const status = await app.settled();
    expect(status).toMatchObject({
      idle: true,
      received: 0,
      pending: 0,
      deadLetters: 0,
      running: 0,
    });
    expect(status.mapPack).toMatch(/^\w{8,}/);
  });
});

describe('GET /api/operations/changes/{type}/{id}', () => {
  it('tells what became of a resource', async () => {
    await app.put(patient('story'));
    await app.deliver([gridEvent('Patient/story')]);
    await app.settled();
    const { status, body } = await app.call('GET', '/api/operations/changes/Patient/story');
    expect(status).toBe(200);
    expect(body['chapters']).toMatchObject([
      { outcome: { kind: 'applied', table: 'contact', change: { id: 'story' } } },
    ]);
    expect(JSON.stringify(body)).not.toContain('female');
  });

  it.each([
    ['Patient/nobody', 404],
    ['patient/story', 400],
    ['Patient/a%20b', 400],
    ['Patient/%2e%2e%2fstatus', 400],
    [`Patient/${'x'.repeat(65)}`, 400],
    ["Patient/a' or 1 eq 1", 400],
  ])('%s: %i with a remedy', async (reference, status) => {
    const answer = await app.call('GET', `/api/operations/changes/${reference}`);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json']);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });
});

describe('dead letters', () => {
  const fault = (method: 'POST' | 'DELETE', body?: object) =>
    fetch(`${app.fhirUrl}/_control/faults`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('are listed by cause, and redriven to another ending once they can succeed', async () => {
    await app.put(patient('letter'));
    await fault('POST', { path: '^/Patient/letter', status: 422, times: 1000 });
    await app.deliver([gridEvent('Patient/letter')]);
    const before = await app.settled();
    expect([before.deadLetters, before.outcomes['rejected']]).toEqual([1, 1]);
    const { body } = await app.call('GET', letters);
    const [[cause, count] = ['', 0]] = Object.entries(body['byCause'] as Record<string, number>);
    expect(count).toBe(1);
    const [letter] = body['letters'] as readonly { outcome: { problem: { remedy: string } } }[];
    expect(letter?.outcome.problem.remedy.length).toBeGreaterThan(20);
    const other = await app.call('GET', `${letters}?cause=other`);
    expect(other.body).toEqual({ byCause: {}, letters: [] });

    // It still fails: the letter stays one letter, and counts stay closed.
    const again = JSON.stringify({ cause });
    expect(await app.call('POST', redrive, { body: again })).toMatchObject({
      status: 202,
      body: { redriven: 1, left: 0 },
    });
    const still = await app.settled();
    expect([still.deadLetters, still.outcomes['rejected']]).toEqual([1, 1]);

    await fault('DELETE');
    const [one, two] = await Promise.all([
      app.call('POST', redrive, { body: again }),
      app.call('POST', redrive, { body: '' }),
    ]);
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(one.body['instanceId']).toBe(two.body['instanceId']);
    const after = await app.settled();
    expect([after.deadLetters, after.outcomes['rejected']]).toEqual([0, 0]);
    expect(after.outcomes['applied']).toBe((before.outcomes['applied'] ?? 0) + 1);
    expect(after.received).toBe(before.received);
    const { body: story } = await app.call('GET', '/api/operations/changes/Patient/letter');
    const kinds = (story['chapters'] as { outcome: { kind: string } }[]).map(
      ({ outcome }) => outcome.kind,
    );
    expect(kinds).toEqual(['rejected', 'rejected', 'applied']);
  });

  it('that there are none of are redriven as none', async () => {
    const none = await app.call('POST', redrive, { body: '{"cause": "nothing-like-it"}' });
    expect([none.status, none.body]).toEqual([200, { redriven: 0, left: 0 }]);
  });

  it.each(['[]', 'null', '{"cause": 7}', '{"cause": ""}', '{"reason": "x"}', '{', '"all"'])(
    'a redrive of %s is refused with a remedy',
    async (body) => {
      const answer = await app.call('POST', redrive, { body });
      expect([answer.status, answer.type]).toEqual([400, 'application/problem+json']);
      expect(answer.body['detail']).toContain('{"cause": "…"}');
    },
  );

  it('a redrive with a body that is far too large is refused', async () => {
    const answer = await app.call('POST', redrive, { body: ' '.repeat(20_000) });
    expect([answer.status, answer.type]).toEqual([413, 'application/problem+json']);
  });

  it('cannot be redriven by GET', async () => {
    expect((await app.call('GET', redrive)).status).toBe(404);
  });
});
