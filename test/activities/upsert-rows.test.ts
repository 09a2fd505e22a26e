import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { type RunningSystem, startSystem } from '../support/running-system.ts';
import { freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const patient = (id: string, family: string) => ({
  resourceType: 'Patient',
  id,
  name: [{ family, given: ['Ada'] }],
});

const encounter = (id: string, subject: string, more: object = {}) => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
  subject: { reference: subject },
  ...more,
});

const condition = (id: string, subject: string, code = '44054006') => ({
  resourceType: 'Condition',
  id,
  subject: { reference: subject },
  code: { coding: [{ system: 'http://snomed.info/sct', code, display: 'Diabetes' }] },
});

/** The versions as `readChanges` would hand them on. */
async function current(...references: readonly string[]) {
  const { current: found } = await system.activities.readChanges({
    changes: references.map((reference) => {
      const [resourceType = '', id = ''] = reference.split('/');
      return {
        changeId: freshId('change'),
        resourceType,
        id,
        kind: 'updated',
        cause: 'event',
        occurredAt: '2026-01-01T00:00:00.000Z',
      };
    }),
  });
  return found;
}

describe('a root row', () => {
  it('is made once by a hundred workers at the same time', async () => {
    const id = freshId('racing');
    await system.put(patient(id, 'Race'));
    const resources = await current(`Patient/${id}`);
    const before = await system.lastWrite();
    const workers = Array.from({ length: 10 }, () => system.worker());
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        createActivities(workers[index % 10] ?? system.deps).upsertRows({ resources }),
      ),
    );
    expect(await rowsFor(system.deps, `Patient/${id}`)).toHaveLength(1);
    expect(answers.flatMap(({ failed, ended }) => [...failed, ...ended])).toEqual([]);
    const creations = (await system.writesSince(before)).filter(({ kind }) => kind === 'create');
    expect(creations).toHaveLength(1);
    expect(answers.filter(({ written }) => written[0]?.created)).toHaveLength(1);
  });

  it('shows the highest version whatever the order in which versions arrive', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const id = freshId('order');
        const versions = [];
        for (const family of ['V1', 'V2', 'V3', 'V4', 'V5']) {
          await system.put(patient(id, family));
          versions.push(...(await current(`Patient/${id}`)));
        }
        for (const index of order) {
          await system.activities.upsertRows({ resources: [versions[index]!] });
        }
        const [row] = await rowsFor(system.deps, `Patient/${id}`, [
          'lastname',
          'msemr_azurefhirversion',
        ]);
        expect(row?.values).toMatchObject({ lastname: 'V5', msemr_azurefhirversion: '5' });
      }),
      { numRuns: 8 },
    );
  });

  it('ends as superseded when it shows a higher version already', async () => {
    const id = freshId('older');
    await system.put(patient(id, 'Old'));
    const old = await current(`Patient/${id}`);
    await system.put(patient(id, 'New'));
    await system.activities.upsertRows({ resources: await current(`Patient/${id}`) });
    const before = await system.lastWrite();
    const { ended, written } = await system.activities.upsertRows({ resources: old });
    expect(ended).toEqual([{ reference: `Patient/${id}`, kind: 'superseded', versionId: '2' }]);
    expect(written).toEqual([]);
    expect(await system.writesSince(before)).toEqual([]);
  });

  it('keeps what a person wrote as long as FHIR has the same version', async () => {
    const id = freshId('edited');
    await system.put(patient(id, 'Fhir'));
    const resources = await current(`Patient/${id}`);
    await system.activities.upsertRows({ resources });
    const [row] = await rowsFor(system.deps, `Patient/${id}`);
    await system.person.execute([
      {
        kind: 'update',
        table: 'contact',
        id: row!.id,
        etag: row!.etag,
        row: { lastname: 'Person' },
      },
    ]);
    const { written } = await system.activities.upsertRows({ resources });
    expect(written[0]?.outcome).toBe('unchanged');
    const [after] = await rowsFor(system.deps, `Patient/${id}`, ['lastname']);
    expect(after?.values['lastname']).toBe('Person');
  });

  it('gets only the columns that differ', async () => {
    const id = freshId('columns');
    await system.put(patient(id, 'One'));
    await system.activities.upsertRows({ resources: await current(`Patient/${id}`) });
    await system.put({ ...patient(id, 'Two'), gender: 'female' });
    const before = await system.lastWrite();
    await system.activities.upsertRows({ resources: await current(`Patient/${id}`) });
    const writes = await system.writesSince(before);
    expect(writes).toHaveLength(1);
    // The instant is kept to the second, so that it may well be the same.
    const columns = writes[0]?.columns.filter((name) => name !== 'msemr_azurefhirlastupdatedon');
    expect(columns?.toSorted()).toEqual(['gendercode', 'lastname', 'msemr_azurefhirversion']);
  });

  it('is decided again when a person writes between read and write', async () => {
    const id = freshId('between');
    await system.put(patient(id, 'One'));
    await system.activities.upsertRows({ resources: await current(`Patient/${id}`) });
    await system.put(patient(id, 'Two'));
    const resources = await current(`Patient/${id}`);
    let interfered = false;
    const { dataverse } = system.deps;
    const deps = system.worker({
      dataverse: {
        table: (name) => dataverse.table(name),
        execute: async (operations) => {
          if (!interfered && operations.some(({ kind }) => kind === 'update')) {
            interfered = true;
            const [row] = await rowsFor(system.deps, `Patient/${id}`);
            await system.person.execute([
              {
                kind: 'update',
                table: 'contact',
                id: row!.id,
                etag: row!.etag,
                row: { jobtitle: 'Nurse' },
              },
            ]);
          }
          return dataverse.execute(operations);
        },
      },
    });
    const { written } = await createActivities(deps).upsertRows({ resources });
    expect(interfered).toBe(true);
    expect(written[0]?.outcome).toBe('applied');
    const [row] = await rowsFor(system.deps, `Patient/${id}`, ['lastname', 'jobtitle']);
    expect(row?.values).toMatchObject({ lastname: 'Two', jobtitle: 'Nurse' });
  });

  it('is made once when the connection tears after the commit', async () => {
    const id = freshId('torn');
    await system.put(patient(id, 'Torn'));
    const resources = await current(`Patient/${id}`);
    await system.dataverseFault({ method: 'POST', path: 'batch', skip: 1, torn: 'after' });
    const { written, failed } = await system.activities.upsertRows({ resources });
    expect(failed).toEqual([]);
    expect(written).toHaveLength(1);
    expect(await rowsFor(system.deps, `Patient/${id}`)).toHaveLength(1);
  });

  it('is not shared by a Patient and a Practitioner of one id', async () => {
    const id = freshId('f001');
    await system.put(patient(id, 'Patient'));
    await system.put({ ...patient(id, 'Practitioner'), resourceType: 'Practitioner' });
    const references = [`Patient/${id}`, `Practitioner/${id}`];
    await system.activities.upsertRows({ resources: await current(...references) });
    const rows = await Promise.all(
      references.map((reference) => rowsFor(system.deps, reference, ['lastname'])),
    );
    expect(rows.map((found) => found.map(({ values }) => values['lastname']))).toEqual([
      ['Patient'],
      ['Practitioner'],
    ]);
  });

  it('is found again for ids of 64 characters that differ in the last', async () => {
    const stem = freshId('long').padEnd(63, '0');
    const ids = [`${stem}a`, `${stem}b`];
    for (const id of ids) await system.put(patient(id, `Family-${id.at(-1)}`));
    const resources = await current(...ids.map((id) => `Patient/${id}`));
    await system.activities.upsertRows({ resources });
    const { written } = await createActivities(system.worker()).upsertRows({ resources });
    expect(written.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
    const [row] = await rowsFor(system.deps, `Patient/${ids[1]}`, ['lastname']);
    expect(row?.values['lastname']).toBe('Family-b');
  });

  it('is always the same one of several that others made for one id', async () => {
    const id = freshId('twice');
    const ids = ['bbbbbbbb-0000-4000-8000-00000000000', 'aaaaaaaa-0000-4000-8000-00000000000'];
    const digit = String(process.pid % 10);
    await system.person.execute(
      ids.map((stem) => ({
        kind: 'create',
        table: 'contact',
        id: `${stem}${digit}`,
        row: { msemr_azurefhirid: id, msemr_contacttype: 935000000, lastname: 'Legacy' },
      })),
    );
    await system.put(patient(id, 'Fhir'));
    const { written } = await system.activities.upsertRows({
      resources: await current(`Patient/${id}`),
    });
    expect(written[0]).toMatchObject({ rowId: `${ids[1]}${digit}`, created: false });
    expect(await rowsFor(system.deps, `Patient/${id}`)).toHaveLength(2);
  });
});

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
