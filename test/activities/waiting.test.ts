import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../activities/index.ts';
import type { Change } from '../../shared/events/index.ts';
import type { ParkedChange } from '../../shared/ledger/index.ts';
import { type ResourceEnding, referenceOf, settleChanges } from '../../shared/outcomes/index.ts';
import {
  activitiesOf,
  type Resource,
  type RunningSystem,
  startSystem,
} from '../support/running-system.ts';
import { changeOf, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

const patient = (id: string): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'W' }],
});

const encounter = (id: string, patientId: string, partOf?: string): Resource => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { code: 'AMB' },
  subject: { reference: `Patient/${patientId}` },
  ...(partOf === undefined ? {} : { partOf: { reference: `Encounter/${partOf}` } }),
});

const parent = 'msemr_encounterparentencounteridentifier';

/** A change set as the orchestration would go through it, with all that it sets off; answers how many sets there were. */
async function handle(
  deps: ActivityDependencies,
  changes: readonly Change[],
  released: readonly ParkedChange[] = [],
): Promise<number> {
  const run = activitiesOf(deps);
  const instanceId = freshId('set');
  const pass = await syncPass(deps, changes.map(referenceOf));
  expect(pass.failed).toEqual([]);
  const written = pass.upserted.written.map(
    (row): ResourceEnding => ({ reference: row.reference, kind: row.outcome }),
  );
  const outcomes = settleChanges(changes, [...written, ...pass.ended]);
  const at = new Date().toISOString();
  const parked = outcomes.filter(({ kind }) => kind === 'parked');
  const { ready } = await run.parkChanges({ instanceId, parked, since: at });
  const record = {
    instanceId,
    cause: 'events',
    receivedAt: at,
    received: 0,
    echoes: 0,
    quarantined: 0,
    ignored: 0,
    closed: true,
    identifiers: 0,
    counts: emptyCounts(),
    taken: { parked: 0, rejected: 0 },
  } as const;
  await run.recordOutcomes({ instanceId, at, outcomes, record, released, redriven: [] });
  const { waiters } = await run.claimWaiters({ instanceId, references: pass.upserted.awaited });
  let sets = 1;
  for (const item of [...ready, ...waiters]) sets += await handle(deps, [item.change], [item]);
  return sets;
}

const emptyCounts = () => ({
  applied: 0,
  unchanged: 0,
  superseded: 0,
  withheld: 0,
  skipped: 0,
  parked: 0,
  rejected: 0,
  removed: 0,
});

async function parentOf(id: string): Promise<unknown> {
  const [row] = await rowsFor(system.deps, `Encounter/${id}`, [parent]);
  return row?.values[parent];
}

async function rowIdOf(id: string): Promise<string | undefined> {
  const [row] = await rowsFor(system.deps, `Encounter/${id}`);
  return row?.id;
}

const nobodyWaits = async (ids: readonly string[]) => {
  const all = await system.deps.ledger.parked.all(1000);
  expect(all.filter(({ change }) => ids.includes(change.id))).toEqual([]);
};

describe('a change that waits', () => {
  it('is brought as soon as the awaited row is there, and waits no more', async () => {
    const [patientId, id] = [freshId('p'), freshId('e')];
    await system.put(patient(patientId));
    await system.put(encounter(id, patientId));
    await handle(system.worker(), [changeOf(`Encounter/${id}`)]);
    expect(await rowIdOf(id)).toBeUndefined();
    await handle(system.worker(), [changeOf(`Patient/${patientId}`)]);
    expect(await rowIdOf(id)).toBeDefined();
    await nobodyWaits([id]);
  });

  it('is brought also when the row came between the decision to wait and the waiting', async () => {
    const [patientId, id] = [freshId('p'), freshId('e')];
    await system.put(patient(patientId));
    await system.put(encounter(id, patientId));
    const waiting = changeOf(`Encounter/${id}`);
    const { ended } = await syncPass(system.worker(), [`Encounter/${id}`]);
    await handle(system.worker(), [changeOf(`Patient/${patientId}`)]);
    const input = {
      instanceId: freshId('set'),
      parked: settleChanges([waiting], ended),
      since: '2026-01-01T00:00:00.000Z',
    };
    const { ready } = await system.activities.parkChanges(input);
    expect(ready.map(({ change }) => change)).toEqual([waiting]);
    expect(await system.activities.parkChanges(input)).toEqual({ ready });
    await system.deps.ledger.parked.release(ready);
  });

  it('is brought when the attempt that made the awaited row was cut short', async () => {
    const [patientId, id] = [freshId('p'), freshId('e')];
    await system.put(patient(patientId));
    await system.put(encounter(id, patientId));
    await handle(system.worker(), [changeOf(`Encounter/${id}`)]);
    await syncPass(system.worker(), [`Patient/${patientId}`]);
    await handle(system.worker(), [changeOf(`Patient/${patientId}`)]);
    expect(await rowIdOf(id)).toBeDefined();
    await nobodyWaits([id]);
  });

  it('is handed to one of many sets that see the row', async () => {
    const [patientId, id] = [freshId('p'), freshId('e')];
    await system.put(patient(patientId));
    await system.put(encounter(id, patientId));
    await handle(system.worker(), [changeOf(`Encounter/${id}`)]);
    await syncPass(system.worker(), [`Patient/${patientId}`]);
    const references = [`Patient/${patientId}`];
    const claims = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        system.activities.claimWaiters({ instanceId: `${id}-${index}`, references }),
      ),
    );
    expect(claims.filter(({ waiters }) => waiters.length > 0)).toHaveLength(1);
  });
});

describe('changes that wait for each other across sets', () => {
  const circles = [
    ['itself', 1],
    ['two', 2],
    ['three', 3],
    ['five', 5],
  ] as const;

  it.each(circles)('come to rest with every lookup set: %s', async (_name, size) => {
    const patientId = freshId('p');
    const ids = Array.from({ length: size }, () => freshId('circle'));
    await system.put(patient(patientId));
    for (const id of ids) await system.put(encounter(id, patientId));
    for (const [index, id] of ids.entries()) {
      await system.put(encounter(id, patientId, ids[(index + 1) % size]));
    }
    await handle(system.worker(), [changeOf(`Patient/${patientId}`)]);
    let sets = 0;
    for (const id of ids) sets += await handle(system.worker(), [changeOf(`Encounter/${id}`)]);
    const parents = await Promise.all(ids.map(parentOf));
    const rowIds = await Promise.all(ids.map(rowIdOf));
    expect(rowIds.every((rowId) => rowId !== undefined)).toBe(true);
    expect(parents).toEqual(rowIds.map((_, index) => rowIds[(index + 1) % size]));
    await nobodyWaits(ids);
    expect(sets).toBeLessThan(4 * size + 2);
  });

  it('come to rest also when both sets run at the same time', async () => {
    for (let time = 0; time < 3; time += 1) {
      const patientId = freshId('p');
      const [a, b] = [freshId('circle'), freshId('circle')];
      await system.put(patient(patientId));
      await system.put(encounter(a, patientId));
      await system.put(encounter(b, patientId, a));
      await system.put(encounter(a, patientId, b));
      await handle(system.worker(), [changeOf(`Patient/${patientId}`)]);
      await Promise.all([a, b].map((id) => handle(system.worker(), [changeOf(`Encounter/${id}`)])));
      expect([await parentOf(a), await parentOf(b)]).toEqual([await rowIdOf(b), await rowIdOf(a)]);
      await nobodyWaits([a, b]);
    }
  });
});
