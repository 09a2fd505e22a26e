import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  activitiesOf,
  type Resource,
  type RunningSystem,
  startSystem,
} from '../support/running-system.ts';
import { childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const patient = (id: string, family = 'Weg'): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family }],
  identifier: [{ system: 'urn:test', value: id }],
});

async function synced(id: string): Promise<string> {
  await system.put(patient(id));
  const { upserted } = await syncPass(system.worker(), [`Patient/${id}`]);
  return upserted.written[0]?.rowId ?? 'no row';
}

async function identifierRows(parentId: string): Promise<number> {
  const [result] = await system.deps.dataverse.execute([
    {
      kind: 'query',
      table: 'fds_patientidentifier',
      select: [],
      filter: { column: 'fds_patientid', equals: parentId },
    },
  ]);
  return result?.kind === 'rows' ? result.rows.length : -1;
}

describe('a resource that FHIR no longer has', () => {
  it('loses its row and every child row, children first', async () => {
    const id = freshId('gone');
    const rowId = await synced(id);
    expect(await identifierRows(rowId)).toBeGreaterThan(1);
    await system.remove(`Patient/${id}`);
    const before = await system.lastWrite();
    const { ended } = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(ended).toEqual([
      { reference: `Patient/${id}`, kind: 'removed', table: 'contact', rowId },
    ]);
    expect(await rowsFor(system.deps, `Patient/${id}`)).toEqual([]);
    const deletions = (await system.writesSince(before)).filter(({ kind }) => kind === 'delete');
    expect(deletions.at(-1)).toMatchObject({ table: 'contact', id: rowId });
    expect(new Set(deletions.slice(0, -1).map(({ table }) => table))).not.toContain('contact');
  });

  it('ends as removed also when there was no row', async () => {
    const { ended } = await system.activities.removeRows({ references: ['Patient/never-there'] });
    expect(ended).toMatchObject([{ reference: 'Patient/never-there', kind: 'removed' }]);
  });

  it('keeps its row while a child row resists, and other resources of the set lose theirs', async () => {
    const [stays, goes] = [freshId('stays'), freshId('goes')];
    const stayingRow = await synced(stays);
    const goingRow = await synced(goes);
    const children = await childRows(system.deps, `Patient/${stays}`, 'identifier');
    for (const id of [stays, goes]) await system.remove(`Patient/${id}`);
    await system.dataverseFault({
      scope: 'part',
      method: 'DELETE',
      path: children[0]!.id,
      status: 403,
      body: { error: { code: '0x80040220', message: 'no' } },
    });
    const answer = await system.activities.removeRows({
      references: [`Patient/${stays}`, `Patient/${goes}`],
    });
    expect(answer.failed).toEqual([]);
    expect(answer.ended).toMatchObject([
      { reference: `Patient/${stays}`, kind: 'rejected', problem: { cause: 'dataverse-refused' } },
      { reference: `Patient/${goes}`, kind: 'removed', rowId: goingRow },
    ]);
    expect((await rowsFor(system.deps, `Patient/${stays}`)).map(({ id }) => id)).toEqual([
      stayingRow,
    ]);
    const again = await system.activities.removeRows({ references: [`Patient/${stays}`] });
    expect(again.ended).toMatchObject([{ kind: 'removed' }]);
    expect(await identifierRows(stayingRow)).toBe(0);
  });

  it('keeps its row when it came back before the removal', async () => {
    const id = freshId('back');
    const rowId = await synced(id);
    await system.remove(`Patient/${id}`);
    const stale = [`Patient/${id}`];
    await system.put(patient(id, 'Again'));
    await syncPass(system.worker(), stale);
    const { ended, failed } = await system.activities.removeRows({ references: stale });
    expect(ended).toEqual([]);
    expect(failed).toMatchObject([{ reference: `Patient/${id}` }]);
    const [row] = await rowsFor(system.deps, `Patient/${id}`, ['lastname']);
    expect(row).toMatchObject({ id: rowId, values: { lastname: 'Again' } });
  });

  it('keeps its row when it comes back while the removal is under way', async () => {
    const id = freshId('overtaken');
    await synced(id);
    await system.remove(`Patient/${id}`);
    let came = false;
    const { dataverse } = system.deps;
    const deps = system.worker({
      dataverse: {
        table: (name) => dataverse.table(name),
        execute: async (operations) => {
          if (!came && operations.some(({ kind }) => kind === 'delete')) {
            came = true;
            await system.put(patient(id, 'Overtaking'));
            await syncPass(system.worker(), [`Patient/${id}`]);
          }
          return dataverse.execute(operations);
        },
      },
    });
    const { failed } = await activitiesOf(deps).removeRows({ references: [`Patient/${id}`] });
    expect(failed).toMatchObject([{ reference: `Patient/${id}` }]);
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [row] = await rowsFor(system.deps, `Patient/${id}`, ['lastname']);
    expect(row?.values['lastname']).toBe('Overtaking');
    expect(await childRows(system.deps, `Patient/${id}`, 'identifier')).not.toEqual([]);
  });
});

describe('the policy to deactivate', () => {
  it('leaves an inactive row, once, and a resource that comes back makes it active again', async () => {
    const id = freshId('inactive');
    const rowId = await synced(id);
    await system.remove(`Patient/${id}`);
    const deps = system.worker({ deletePolicy: 'deactivate' });
    await syncPass(deps, [`Patient/${id}`]);
    const columns = ['statecode', 'msemr_azurefhirversion', 'lastname'];
    const [inactive] = await rowsFor(system.deps, `Patient/${id}`, columns);
    expect(inactive).toMatchObject({
      id: rowId,
      values: { statecode: 1, msemr_azurefhirversion: null },
    });
    const before = await system.lastWrite();
    const { ended } = await syncPass(deps, [`Patient/${id}`]);
    expect(ended).toMatchObject([{ kind: 'removed', rowId }]);
    expect(await system.writesSince(before)).toEqual([]);
    await system.put(patient(id, 'Alive'));
    await syncPass(deps, [`Patient/${id}`]);
    const [alive] = await rowsFor(system.deps, `Patient/${id}`, columns);
    expect(alive).toMatchObject({ id: rowId, values: { statecode: 0, lastname: 'Alive' } });
  });

  it('leaves a row inactive that a person deactivated', async () => {
    const id = freshId('by-hand');
    await synced(id);
    const [row] = await rowsFor(system.deps, `Patient/${id}`);
    await system.person.execute([
      {
        kind: 'update',
        table: 'contact',
        id: row!.id,
        etag: row!.etag,
        row: { statecode: 1, statuscode: 2 },
      },
    ]);
    await system.put(patient(id, 'Newer'));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [after] = await rowsFor(system.deps, `Patient/${id}`, ['statecode', 'lastname']);
    expect(after?.values).toMatchObject({ statecode: 1, lastname: 'Newer' });
  });
});
