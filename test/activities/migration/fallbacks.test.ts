import { afterEach, describe, expect, it } from 'vitest';
import {
  type MovingServices,
  nextSecond,
  patientOf,
  put,
  remove,
  startMovingServices,
  statusOf,
  verdictOf,
} from './moving-services.ts';

let services: MovingServices;
afterEach(() => services.close());

const observationOf = (id: string, patient: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'weight' },
  subject: { reference: `Patient/${patient}` },
  valueQuantity: { value: 1 },
});

async function fill({ sourceUrl, targetUrl }: MovingServices): Promise<void> {
  for (let index = 0; index < 30; index += 1) {
    await put(sourceUrl, patientOf(`p${index}`));
    await put(sourceUrl, observationOf(`o${index}`, `p${index}`));
  }
  await put(sourceUrl, patientOf('p1', 'changed'));
  await put(targetUrl, patientOf('p2'));
  await put(targetUrl, patientOf('surplus'));
  await remove(sourceUrl, 'Patient/p29');
}

/** Every type more is one more search. */
const plan = { types: ['Patient', 'Observation'] };

const sums = (ledger: Readonly<Record<string, object>>) => ({
  Patient: ledger['Patient'],
  Observation: ledger['Observation'],
});

describe('a source without $export', () => {
  it('is read page by page, and moved and certified like any other', async () => {
    services = await startMovingServices({ source: 'plain' });
    await fill(services);
    await remove(services.targetUrl, 'Patient/p2', true);
    const moved = await services.run(await services.start({ ...plan, windowResources: 25 }));
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(await statusOf(services.targetUrl, 'Patient/surplus')).toBe(404);
  }, 60_000);
});

describe('a target without $import', () => {
  it('is written in Bundles; every line is loaded or was there', async () => {
    services = await startMovingServices({ target: 'plain' });
    await fill(services);
    // What was written within the overlap before the end of a window comes, and counts, twice.
    await nextSecond();
    await nextSecond();
    const throttled = { method: 'POST', path: '^/?$', status: 429, retryAfterMs: 20, times: 4 };
    const body = JSON.stringify(throttled);
    await fetch(`${services.targetUrl}/_control/faults`, { method: 'POST', body });
    const moved = await services.run(await services.start(plan));
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(sums(moved.ledger)).toEqual({
      Patient: { exported: 29, loaded: 28, present: 1, quarantined: 0 },
      Observation: { exported: 30, loaded: 30, present: 0, quarantined: 0 },
    });
    expect(await statusOf(services.targetUrl, 'Patient/surplus')).toBe(410);
  }, 60_000);

  it('keeps what the target refuses in quarantine, and the certificate says so', async () => {
    services = await startMovingServices({ target: 'plain' });
    await fill(services);
    const rule = { method: 'PUT', path: 'Patient/p3$', scope: 'entry', status: 422, times: 9 };
    const body = JSON.stringify(rule);
    await fetch(`${services.targetUrl}/_control/faults`, { method: 'POST', body });
    const moved = await services.run(await services.start(plan));
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal-except-quarantined']);
  }, 60_000);
});

describe('neither $export nor $import', () => {
  it('a small service is moved all the same', async () => {
    services = await startMovingServices({ source: 'plain', target: 'plain' });
    await fill(services);
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
  }, 60_000);
});
