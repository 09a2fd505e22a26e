import { afterAll, beforeAll, expect, it } from 'vitest';
import { replayQuarantine } from '../../../triggers/migrations/replay-quarantine.ts';
import {
  type MovingServices,
  patientOf,
  put,
  startMovingServices,
  statusOf,
  verdictOf,
} from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices({ target: 'plain' });
}, 120_000);
afterAll(() => services.close());

const faults = (method: 'POST' | 'DELETE', rule?: object) =>
  fetch(`${services.targetUrl}/_control/faults`, {
    method,
    ...(rule === undefined ? {} : { body: JSON.stringify(rule) }),
  });

/** As the API asks for it; the orchestration is run by the test. */
async function order(id: string, body: object): Promise<number> {
  const request = { params: { id }, text: async () => JSON.stringify(body) };
  const client = {
    getStatus: async () => ({ runtimeStatus: 'Completed' }),
    startNew: async () => id,
  };
  const answer = await replayQuarantine(request as never, {
    store: services.store,
    client: client as never,
  });
  return answer.status ?? 0;
}

it('what was refused is loaded by a replay, leaves quarantine, and a new certificate says equal', async () => {
  const { sourceUrl, targetUrl, store } = services;
  for (const name of ['a', 'b', 'c']) await put(sourceUrl, patientOf(name));
  await faults('POST', {
    method: 'PUT',
    path: 'Patient/b$',
    scope: 'entry',
    status: 422,
    times: 99,
  });
  const id = await services.start();
  const first = await services.run(id);
  expect([first.state, verdictOf(first)]).toEqual(['completed', 'equal-except-quarantined']);

  expect(await order(id, {})).toBe(202);
  const again = await services.run(id);
  expect([again.state, verdictOf(again)]).toEqual(['completed', 'equal-except-quarantined']);
  expect(await store.quarantine.list(id)).toMatchObject([{ reference: 'Patient/b' }]);

  await faults('DELETE');
  await expect(order(id, { cause: 'too-large' })).rejects.toThrow(/nothing in quarantine/);
  expect(await order(id, { cause: 'refused' })).toBe(202);
  const last = await services.run(id);
  expect([last.state, verdictOf(last)]).toEqual(['completed', 'equal']);
  expect(await store.quarantine.list(id)).toEqual([]);
  expect(last.repairs).toMatchObject([{ kind: 'replayed', reference: 'Patient/b' }]);
  expect(await statusOf(targetUrl, 'Patient/b')).toBe(200);
}, 90_000);
