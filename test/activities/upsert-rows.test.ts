import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { activitiesOf, type RunningSystem, startSystem } from '../support/running-system.ts';
import { patient } from '../support/sample-resources.ts';
import { currentOf, freshId, rowsFor } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const current = (...references: readonly string[]) => currentOf(system.deps, ...references);

describe('a root row', () => {
  it('is made once by a hundred workers at the same time', async () => {
    const id = freshId('racing');
    await system.put(patient(id, 'Race'));
    const resources = await current(`Patient/${id}`);
    const before = await system.lastWrite();
    const workers = Array.from({ length: 10 }, () => system.worker());
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        activitiesOf(workers[index % 10] ?? system.deps).upsertRows({ resources }),
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
    const { written } = await activitiesOf(deps).upsertRows({ resources });
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
    const { written } = await activitiesOf(system.worker()).upsertRows({ resources });
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
