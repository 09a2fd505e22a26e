import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSystem, startSystem } from '../support/running-system.ts';
import { condition, encounter, patient } from '../support/sample-resources.ts';
import { currentOf, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const current = (...references: readonly string[]) => currentOf(system.deps, ...references);

describe('references of a row', () => {
  it('are resolved inside the set, whatever the order', async () => {
    const [patientId, outer, inner] = [freshId('p'), freshId('outer'), freshId('inner')];
    await system.put(patient(patientId, 'Order'));
    await system.put(encounter(outer, `Patient/${patientId}`));
    await system.put(
      encounter(inner, `Patient/${patientId}`, { partOf: { reference: `Encounter/${outer}` } }),
    );
    const references = [`Encounter/${inner}`, `Encounter/${outer}`, `Patient/${patientId}`];
    const { ended, failed } = await syncPass(system.worker(), references);
    expect([...ended, ...failed]).toEqual([]);
    const column = 'msemr_encounterparentencounteridentifier';
    const [row] = await rowsFor(system.deps, `Encounter/${inner}`, [column]);
    const [parent] = await rowsFor(system.deps, `Encounter/${outer}`);
    expect(row?.values[column]).toBe(parent?.id);
  });

  it('park the change while the awaited resource has no row, and write nothing', async () => {
    const id = freshId('early');
    const missing = freshId('missing');
    await system.put(patient(missing, 'Late'));
    await system.put(encounter(id, `Patient/${missing}`));
    const { ended, written } = await system.activities.upsertRows({
      resources: await current(`Encounter/${id}`),
    });
    expect(written).toEqual([]);
    expect(ended).toEqual([
      { reference: `Encounter/${id}`, kind: 'parked', waitingFor: [`Patient/${missing}`] },
    ]);
    expect(await rowsFor(system.deps, `Encounter/${id}`)).toEqual([]);
  });

  it('to types without an enabled map leave the lookup empty', async () => {
    const [patientId, id] = [freshId('p'), freshId('unmapped')];
    await system.put(patient(patientId, 'Unmapped'));
    await system.put(
      encounter(id, `Patient/${patientId}`, {
        hospitalization: { origin: { reference: 'Location/not-mapped' } },
      }),
    );
    const { ended } = await syncPass(system.worker(), [`Patient/${patientId}`, `Encounter/${id}`]);
    expect(ended).toEqual([]);
    expect(await rowsFor(system.deps, `Encounter/${id}`)).toHaveLength(1);
  });

  it('that go in a circle inside the set are all set', async () => {
    const [patientId, a, b] = [freshId('p'), freshId('circle-a'), freshId('circle-b')];
    await system.put(patient(patientId, 'Circle'));
    await system.put(encounter(b, `Patient/${patientId}`));
    await system.put(
      encounter(a, `Patient/${patientId}`, { partOf: { reference: `Encounter/${b}` } }),
    );
    await system.put(
      encounter(b, `Patient/${patientId}`, { partOf: { reference: `Encounter/${a}` } }),
    );
    const references = [`Patient/${patientId}`, `Encounter/${a}`, `Encounter/${b}`];
    const { ended } = await syncPass(system.worker(), references);
    expect(ended).toEqual([]);
    const column = 'msemr_encounterparentencounteridentifier';
    const [rowA] = await rowsFor(system.deps, `Encounter/${a}`, [column]);
    const [rowB] = await rowsFor(system.deps, `Encounter/${b}`, [column]);
    expect([rowA?.values[column], rowB?.values[column]]).toEqual([rowB?.id, rowA?.id]);
  });

  it('are asked for again when the row that was remembered is gone', async () => {
    const [patientId, id] = [freshId('p'), freshId('stale')];
    await system.put(patient(patientId, 'Stale'));
    await system.put(encounter(id, `Patient/${patientId}`));
    const deps = system.worker();
    await syncPass(deps, [`Patient/${patientId}`]);
    const [row] = await rowsFor(system.deps, `Patient/${patientId}`);
    await system.person.execute([{ kind: 'delete', table: 'contact', id: row!.id }]);
    const { ended } = await syncPass(deps, [`Encounter/${id}`]);
    expect(ended).toMatchObject([{ kind: 'parked', waitingFor: [`Patient/${patientId}`] }]);
    const again = await syncPass(deps, [`Patient/${patientId}`, `Encounter/${id}`]);
    expect(again.ended).toEqual([]);
  });
});

describe('codeable concepts', () => {
  it('are made once by workers that race', async () => {
    const patientId = freshId('p');
    const code = String(900_000_000 + process.pid);
    await system.put(patient(patientId, 'Concept'));
    await syncPass(system.worker(), [`Patient/${patientId}`]);
    const ids = Array.from({ length: 20 }, () => freshId('condition'));
    for (const id of ids) await system.put(condition(id, `Patient/${patientId}`, code));
    const before = await system.lastWrite();
    const passes = await Promise.all(
      ids.map((id) => syncPass(system.worker(), [`Condition/${id}`])),
    );
    expect(passes.flatMap(({ ended, failed }) => [...ended, ...failed])).toEqual([]);
    const made = (await system.writesSince(before)).filter(
      ({ table, kind }) => table === 'msemr_codeableconcept' && kind === 'create',
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
    const [rows] = await system.deps.dataverse.execute([
      {
        kind: 'query',
        table: 'msemr_codeableconcept',
        select: ['msemr_code'],
        filter: { column: 'msemr_code', equals: code },
      },
    ]);
    expect(rows).toMatchObject({ kind: 'rows', rows: [{}] });
  });

  it('that Dataverse refuses reject the change and name no value', async () => {
    const [patientId, id] = [freshId('p'), freshId('refused')];
    await system.put(patient(patientId, 'Refused'));
    await syncPass(system.worker(), [`Patient/${patientId}`]);
    await system.put({
      ...condition(id, `Patient/${patientId}`, `7${process.pid}`),
      code: {
        coding: [
          { system: 'http://snomed.info/sct', code: `7${process.pid}`, display: 'Krankheit-4711' },
        ],
      },
    });
    await system.dataverseFault({
      scope: 'part',
      method: 'PATCH',
      path: 'msemr_codeableconcept',
      times: 50,
      status: 403,
      body: {
        error: { code: '0x80040220', message: 'Principal lacks prvCreate for Krankheit-4711' },
      },
    });
    const answer = await syncPass(system.worker(), [`Condition/${id}`]);
    expect(answer.ended).toMatchObject([
      { kind: 'rejected', problem: { cause: 'dataverse-refused', code: '0x80040220' } },
    ]);
    expect(JSON.stringify(answer)).not.toContain('4711');
  });
});

describe('whoever waits for a row', () => {
  it('is named when the row is made, and also when an attempt before made it and was cut short', async () => {
    const [patientId, id] = [freshId('p'), freshId('waiter')];
    await system.put(patient(patientId, 'Awaited'));
    const change = {
      changeId: freshId('change'),
      resourceType: 'Encounter',
      id,
      kind: 'updated',
      cause: 'event',
      occurredAt: '2026-01-01T00:00:00.000Z',
    } as const;
    await system.deps.ledger.parked.park([
      { change, waitingFor: `Patient/${patientId}`, since: '2026-01-01T00:00:00.000Z' },
    ]);
    const resources = await current(`Patient/${patientId}`);
    const first = await system.activities.upsertRows({ resources });
    const second = await system.activities.upsertRows({ resources });
    expect([first.awaited, second.awaited]).toEqual([
      [`Patient/${patientId}`],
      [`Patient/${patientId}`],
    ]);
  });
});
