import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { activitiesOf, type RunningSystem, startSystem } from '../support/running-system.ts';
import { changeOf, childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const identifier = (value: string, more: object = {}) => ({ system: 'urn:test', value, ...more });

const patient = (id: string, identifiers: readonly object[], more: object = {}) => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'Kind' }],
  ...(identifiers.length === 0 ? {} : { identifier: identifiers }),
  ...more,
});

async function identifiersOf(id: string): Promise<readonly unknown[]> {
  const rows = await childRows(system.deps, `Patient/${id}`, 'identifier');
  return rows
    .filter(({ values }) => values['fds_system'] === 'urn:test')
    .map(({ values }) => values['fds_value'])
    .toSorted();
}

async function ownIdentifiersOf(id: string): Promise<readonly unknown[]> {
  const rows = await childRows(system.deps, `Patient/${id}`, 'identifier');
  return rows
    .filter(({ values }) => String(values['fds_system']).startsWith('urn:oid:org.d365'))
    .map(({ values }) => values['fds_value']);
}

describe('child rows', () => {
  it('follow the items of the array as they come, change and go', async () => {
    const id = freshId('items');
    await system.put(patient(id, [identifier('a'), identifier('b', { use: 'usual' })]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['a', 'b']);
    await system.put(patient(id, [identifier('b', { use: 'official' }), identifier('c')]));
    const { expanded } = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['b', 'c']);
    const uses = await childRows(system.deps, `Patient/${id}`, 'medical-identifier');
    const official = uses.find(({ values }) => values['msemr_value'] === 'b');
    expect(official?.values['msemr_use']).not.toBeNull();
    expect(expanded.flatMap((answer) => answer.expanded)).toHaveLength(expanded.length);
    await system.put(patient(id, [identifier('c')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['c']);
  });

  it('of a row that was just made are not read; of a row that was found they are', async () => {
    const id = freshId('new');
    const { dataverse } = system.deps;
    const childQueries: string[] = [];
    const worker = () =>
      system.worker({
        dataverse: {
          table: (name) => dataverse.table(name),
          execute: (operations) => {
            for (const operation of operations) {
              if (operation.kind !== 'query' || !operation.table.endsWith('identifier')) continue;
              childQueries.push(operation.table);
            }
            return dataverse.execute(operations);
          },
        },
      });
    await system.put(patient(id, [identifier('a'), identifier('b')]));
    // Cut short after the root row: another worker finds it there.
    const half = freshId('half');
    await system.put(patient(half, [identifier('a')]));
    const { current } = await activitiesOf(worker()).readChanges({
      changes: [changeOf(`Patient/${half}`)],
    });
    await activitiesOf(worker()).upsertRows({ resources: current });
    await syncPass(worker(), [`Patient/${id}`]);
    expect(childQueries).toEqual([]);
    expect(await identifiersOf(id)).toEqual(['a', 'b']);
    await syncPass(worker(), [`Patient/${half}`]);
    expect(new Set(childQueries)).toEqual(
      new Set(['fds_patientidentifier', 'msemr_medicalidentifier']),
    );
    expect(await identifiersOf(half)).toEqual(['a']);
  });

  it('of a row that was just made yield to a newer version that came in between', async () => {
    const id = freshId('between');
    await system.put(patient(id, [identifier('old'), identifier('both')]));
    const slow = activitiesOf(system.worker());
    const { current } = await slow.readChanges({ changes: [changeOf(`Patient/${id}`)] });
    const { written, expansions } = await slow.upsertRows({ resources: current });
    expect(written).toMatchObject([{ created: true }]);
    await system.put(patient(id, [identifier('both'), identifier('new')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    for (const { references: _, ...task } of expansions) {
      const { failed } = await slow.expandRows({ ...task, rows: written });
      expect(failed).toMatchObject([{ reference: `Patient/${id}` }]);
    }
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['both', 'new']);
  });

  it('that people made survive, and so does the identifier that Dataverse owns', async () => {
    const id = freshId('survive');
    await system.put(patient(id, [identifier('a')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [parent] = await rowsFor(system.deps, `Patient/${id}`);
    await system.person.execute([
      {
        kind: 'create',
        table: 'fds_patientidentifier',
        id: crypto.randomUUID(),
        row: {
          fds_system: 'urn:test',
          fds_value: 'by hand',
          fds_patientid: { lookup: { table: 'contact', id: parent!.id } },
        },
      },
    ]);
    await system.put(patient(id, []));
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['by hand']);
    expect(await ownIdentifiersOf(id)).toEqual([parent?.id]);
  });

  it('are removed although a person has added one that is equal', async () => {
    const id = freshId('equal');
    await system.put(patient(id, [identifier('a')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [parent] = await rowsFor(system.deps, `Patient/${id}`);
    for (const first of ['0', 'f']) {
      await system.person.execute([
        {
          kind: 'create',
          table: 'fds_patientidentifier',
          id: `${first}${crypto.randomUUID().slice(1)}`,
          row: {
            fds_system: 'urn:test',
            fds_value: 'a',
            fds_patientid: { lookup: { table: 'contact', id: parent!.id } },
          },
        },
      ]);
    }
    await system.put(patient(id, []));
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['a', 'a']);
  });

  it('that a person changed show FHIR again with its next version', async () => {
    const id = freshId('changed');
    await system.put(patient(id, [identifier('a')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const rows = await childRows(system.deps, `Patient/${id}`, 'identifier');
    const row = rows.find(({ values }) => values['fds_value'] === 'a');
    await system.person.execute([
      {
        kind: 'update',
        table: 'fds_patientidentifier',
        id: row!.id,
        etag: row!.etag,
        row: { fds_value: 'typo' },
      },
    ]);
    await system.put(patient(id, [identifier('a')], { gender: 'other' }));
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['a']);
  });

  it('never show an identifier of Dataverse that names another row', async () => {
    const id = freshId('foreign');
    const wrong = { system: 'urn:oid:org.d365.mc4h.patient.id', value: crypto.randomUUID() };
    await system.put(patient(id, [wrong]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [parent] = await rowsFor(system.deps, `Patient/${id}`);
    expect(await ownIdentifiersOf(id)).toEqual([parent?.id]);
  });

  it('of a parent that moved on meanwhile fail, and the newer version has the last word', async () => {
    const id = freshId('moved');
    await system.put(patient(id, [identifier('old')]));
    const { current } = await system.activities.readChanges({
      changes: [
        {
          changeId: freshId('change'),
          resourceType: 'Patient',
          id,
          kind: 'updated',
          cause: 'event',
          occurredAt: '2026-01-01T00:00:00.000Z',
        },
      ],
    });
    const { written } = await system.activities.upsertRows({ resources: current });
    await system.put(patient(id, [identifier('new')]));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const late = await system.activities.expandRows({
      expansion: 'identifier',
      resourceType: 'Patient',
      rows: written,
    });
    expect(late).toMatchObject({ expanded: [], failed: [{ reference: `Patient/${id}` }] });
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await identifiersOf(id)).toEqual(['new']);
  });

  it('whose lookup has no row yet are written, and their change waits for that row', async () => {
    const [id, other] = [freshId('linking'), freshId('linked')];
    const link = [{ other: { reference: `Patient/${other}` }, type: 'seealso' }];
    await system.put(patient(other, []));
    await system.put(patient(id, [], { link }));
    const first = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(first.ended).toEqual([
      { reference: `Patient/${id}`, kind: 'parked', waitingFor: [`Patient/${other}`] },
    ]);
    await syncPass(system.worker(), [`Patient/${other}`]);
    const second = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(second.ended).toEqual([]);
    const [linked] = await rowsFor(system.deps, `Patient/${other}`);
    const links = await childRows(system.deps, `Patient/${id}`, 'contact-link');
    expect(links.map(({ values }) => values['msemr_link'])).toEqual([linked?.id]);
  });

  it('are written at a second attempt when a row that they point to is gone', async () => {
    const [id, other] = [freshId('linking'), freshId('gone')];
    await system.put(patient(other, []));
    const deps = system.worker();
    await syncPass(deps, [`Patient/${other}`]);
    const [row] = await rowsFor(system.deps, `Patient/${other}`);
    await system.person.execute([{ kind: 'delete', table: 'contact', id: row!.id }]);
    const link = [{ other: { reference: `Patient/${other}` }, type: 'seealso' }];
    await system.put(patient(id, [], { link }));
    const first = await syncPass(deps, [`Patient/${id}`]);
    expect(first.failed).toMatchObject([{ reference: `Patient/${id}`, step: 'contact-link' }]);
    const second = await syncPass(deps, [`Patient/${id}`]);
    expect(second.failed).toEqual([]);
    expect(second.ended).toMatchObject([{ kind: 'parked', waitingFor: [`Patient/${other}`] }]);
  });
});

describe('the activity', () => {
  it('answers and never throws, whatever fails', async () => {
    const id = freshId('failing');
    await system.put(patient(id, [identifier('a')]));
    const { upserted } = await syncPass(system.worker(), [`Patient/${id}`]);
    const input = { expansion: 'identifier', resourceType: 'Patient', rows: upserted.written };
    const failing = [{ reference: `Patient/${id}`, step: 'identifier' }];
    const { expandRows } = activitiesOf(system.worker());
    await system.dataverseFault({ method: 'POST', path: 'batch', times: 50, status: 503 });
    expect((await expandRows(input)).failed).toMatchObject(failing);
    await system.clearFaults();
    await system.dataverseFault({ method: 'POST', path: 'batch', times: 50, torn: 'before' });
    expect((await expandRows(input)).failed).toMatchObject(failing);
    await system.clearFaults();
    await system.fhirFault({ times: 50, status: 500 });
    const unread = await activitiesOf(system.worker()).expandRows(input);
    expect(unread).toMatchObject({ ended: [], failed: [{ reference: `Patient/${id}` }] });
  });

  it('hands back a body that cannot be read again as failed, not as rejected', async () => {
    const id = freshId('unread');
    await system.put(patient(id, [identifier('a')]));
    const { upserted } = await syncPass(system.worker(), [`Patient/${id}`]);
    const rows = upserted.written.map((row) => ({ ...row, versionId: '99' }));
    const answer = await activitiesOf(system.worker()).expandRows({
      expansion: 'identifier',
      resourceType: 'Patient',
      rows,
    });
    expect(answer).toEqual({
      expanded: [],
      ended: [],
      failed: [{ reference: `Patient/${id}`, step: 'reading the body again' }],
    });
  });
});
