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

const ownSystem = 'urn:oid:org.d365.mc4h.patient.id';

const patient = (id: string, more: object = {}): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'Rück', given: ['Ä', 'B'], _given: [null, { id: 'x' }] }],
  ...more,
});

interface Identifier {
  readonly system?: string;
  readonly value?: string;
}

async function stored(
  id: string,
): Promise<{ meta: { versionId: string }; identifier?: Identifier[] }> {
  return JSON.parse(await system.read(`Patient/${id}`));
}

const ownOf = ({ identifier = [] }: { identifier?: Identifier[] }) =>
  identifier.filter((item) => item.system === ownSystem);

/** Up to the rows, without the way back. */
async function written(id: string) {
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
  return (await system.activities.upsertRows({ resources: current })).written;
}

describe('the identifier in FHIR', () => {
  it('is added once, and every other element stays as it was, decimals included', async () => {
    const id = freshId('added');
    const more = {
      identifier: [{ system: 'urn:test', value: 'keep' }],
      extension: [{ url: 'http://example.org/weight', valueDecimal: 1.5 }],
    };
    const raw = JSON.stringify(patient(id, more)).replace('1.5', '1.500');
    await fetch(`${system.fhirUrl}/Patient/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: raw,
    });
    const before = await stored(id);
    await syncPass(system.worker(), [`Patient/${id}`]);
    const text = await system.read(`Patient/${id}`);
    expect(text).toContain('1.500');
    const after = await stored(id);
    const [row] = await rowsFor(system.deps, `Patient/${id}`);
    expect(after.identifier).toEqual([
      { system: 'urn:test', value: 'keep' },
      { system: ownSystem, value: row?.id },
    ]);
    const { meta: _m1, identifier: _i1, ...restBefore } = before;
    const { meta: _m2, identifier: _i2, ...restAfter } = after;
    expect(restAfter).toEqual(restBefore);
  });

  it('is not sent again when it is there', async () => {
    const id = freshId('present');
    await system.put(patient(id));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const { meta } = await stored(id);
    const { identified } = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(identified.identified).toEqual([{ reference: `Patient/${id}` }]);
    expect((await stored(id)).meta.versionId).toBe(meta.versionId);
  });

  it('is remembered as an own write on the version that it went onto', async () => {
    const id = freshId('own');
    await system.put(patient(id));
    const { identified } = await syncPass(system.worker(), [`Patient/${id}`]);
    expect(identified.identified).toEqual([{ reference: `Patient/${id}`, identifierVersion: '2' }]);
    const { ownWrites } = system.worker().ledger;
    const version = { resourceType: 'Patient', id, versionId: '2' };
    expect(await ownWrites.isOwn(version)).toBe(true);
    expect(await ownWrites.isOwn({ ...version, versionId: '1' })).toBe(false);
  });

  it('is corrected, with its other members, and its doubles are removed', async () => {
    const id = freshId('wrong');
    await system.put(
      patient(id, {
        identifier: [
          { system: ownSystem, value: 'wrong', use: 'secondary' },
          { system: 'urn:test', value: 'between' },
          { system: ownSystem, value: 'wrong too' },
          { system: ownSystem },
        ],
      }),
    );
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [row] = await rowsFor(system.deps, `Patient/${id}`);
    expect((await stored(id)).identifier).toEqual([
      { system: ownSystem, value: row?.id, use: 'secondary' },
      { system: 'urn:test', value: 'between' },
    ]);
  });

  it('is merged again when somebody writes between read and patch', async () => {
    const id = freshId('busy');
    await system.put(patient(id));
    const rows = await written(id);
    await system.put(patient(id, { gender: 'female' }));
    const { identified, failed } = await system.activities.writeBackIdentifiers({ rows });
    expect(failed).toEqual([]);
    expect(identified).toEqual([{ reference: `Patient/${id}`, identifierVersion: '3' }]);
    const after = await stored(id);
    expect(after).toMatchObject({ gender: 'female' });
    expect(ownOf(after)).toHaveLength(1);
  });

  it('comes to the same state when an attempt was cut short at any place', async () => {
    const id = freshId('cut');
    await system.put(patient(id));
    const rows = await written(id);
    await system.fhirFault({ method: 'PATCH', times: 3, status: 503 });
    const first = await system.activities.writeBackIdentifiers({ rows }).catch(() => undefined);
    expect(first?.identified ?? []).toEqual([]);
    await system.clearFaults();
    await system.fhirFault({ method: 'PATCH', torn: 'after' });
    await system.activities.writeBackIdentifiers({ rows }).catch(() => undefined);
    await system.activities.writeBackIdentifiers({ rows });
    const again = await activitiesOf(system.worker()).writeBackIdentifiers({ rows });
    expect(again.failed).toEqual([]);
    const [row] = await rowsFor(system.deps, `Patient/${id}`);
    expect(ownOf(await stored(id))).toEqual([{ system: ownSystem, value: row?.id }]);
    const children = await childRows(system.deps, `Patient/${id}`, 'identifier');
    expect(children.map(({ values }) => values['fds_value'])).toEqual([row?.id]);
  });

  it('fails for a resource that was deleted meanwhile, so that its row goes with the next attempt', async () => {
    const id = freshId('deleted');
    await system.put(patient(id));
    const rows = await written(id);
    await system.remove(`Patient/${id}`);
    const { failed } = await system.activities.writeBackIdentifiers({ rows });
    expect(failed).toMatchObject([{ reference: `Patient/${id}` }]);
    await syncPass(system.worker(), [`Patient/${id}`]);
    expect(await rowsFor(system.deps, `Patient/${id}`)).toEqual([]);
  });

  it('fails for a row that was revived for a resource that is gone, so that it goes again', async () => {
    const id = freshId('revived');
    const deps = system.worker({ deletePolicy: 'deactivate' });
    await system.put(patient(id));
    await syncPass(deps, [`Patient/${id}`]);
    const [stale] = await written(id);
    await system.remove(`Patient/${id}`);
    await syncPass(deps, [`Patient/${id}`]);
    const { upsertRows, writeBackIdentifiers } = activitiesOf(deps);
    const { written: rows } = await upsertRows({ resources: [stale!] });
    expect(rows).toMatchObject([{ created: false, revived: true }]);
    const { failed } = await writeBackIdentifiers({ rows });
    expect(failed).toMatchObject([{ reference: `Patient/${id}` }]);
    await syncPass(deps, [`Patient/${id}`]);
    const [row] = await rowsFor(system.deps, `Patient/${id}`, ['statecode']);
    expect(row?.values['statecode']).toBe(1);
  });
});

describe('the identifier row in Dataverse', () => {
  it('is what the expansion map wants, so that the next version does not write it again', async () => {
    const id = freshId('same');
    await system.put(patient(id));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const { meta: _, ...resource } = JSON.parse(await system.read(`Patient/${id}`));
    await system.put({ ...resource, gender: 'female' });
    const before = await system.lastWrite();
    await syncPass(system.worker(), [`Patient/${id}`]);
    const tables = (await system.writesSince(before)).map(({ table }) => table);
    expect(tables).not.toContain('fds_patientidentifier');
    expect(tables).toContain('contact');
  });
});
