import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../activities/index.ts';
import { openTable } from '../../shared/ledger/index.ts';
import {
  createMapStore,
  createPackSource,
  enabledByPack,
  loadMapFiles,
  type MapFiles,
  type MapStore,
} from '../../shared/mapping/index.ts';
import {
  activitiesOf,
  type PinnedActivities,
  type Resource,
  type RunningSystem,
  startSystem,
} from '../support/running-system.ts';
import { encounter, patient } from '../support/sample-resources.ts';
import { childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

const by = { author: 'ann' };
const roots = ['Patient', 'Encounter', 'Appointment', 'CareTeam'] as const;

let system: RunningSystem;
let files: MapFiles;
beforeAll(async () => {
  system = await startSystem();
  files = await loadMapFiles(fileURLToPath(new URL('../../maps', import.meta.url)));
}, 60_000);
afterAll(() => system.close());

interface Host {
  readonly maps: MapStore;
  /** A worker that begins now. */
  worker(): Promise<ActivityDependencies>;
}

/** An organisation of its own, with these roots in use at first. */
function newHost(): Host {
  const storage = openTable(system.storage, freshId('maps').replaceAll('-', ''));
  const shipped = enabledByPack(files, roots);
  const maps = createMapStore({ storage, shipped, now: () => new Date() });
  const worker = async () => {
    const clock = () => performance.now();
    const fhirBaseUrl = system.fhirUrl;
    const packs = createPackSource({ storage, store: maps, fhirBaseUrl, clock });
    return system.worker({ pack: await packs.current(), places: () => packs.places() });
  };
  return { maps, worker };
}

const consent = (patientId: string, provision: object): Resource => ({
  ...{ resourceType: 'Consent', id: `consent-${patientId}`, status: 'active' },
  scope: {
    coding: [
      { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
    ],
  },
  category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  patient: { reference: `Patient/${patientId}` },
  policyRule: { coding: [{ code: 'OPTIN' }] },
  provision,
});

const appointment = (id: string, ...patients: readonly string[]): Resource => ({
  ...{ resourceType: 'Appointment', id, status: 'booked' },
  ...{ start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:30:00Z' },
  participant: patients.map((one) => ({
    actor: { reference: `Patient/${one}` },
    status: 'accepted',
  })),
});

interface Chart {
  readonly before: ActivityDependencies;
  readonly host: Host;
  readonly patientId: string;
  readonly references: readonly [string, string];
}

/** A patient and an encounter with their rows. */
async function synced(): Promise<Chart> {
  const host = newHost();
  const patientId = freshId('patient');
  const encounterId = freshId('encounter');
  const identifier = [{ system: 'urn:test', value: patientId }];
  await system.put({ ...patient(patientId, 'Left'), identifier });
  await system.put(encounter(encounterId, `Patient/${patientId}`));
  const references = [`Patient/${patientId}`, `Encounter/${encounterId}`] as const;
  const before = await host.worker();
  await syncPass(before, references);
  expect(await counts(before, references)).toEqual([1, 1]);
  return { before, host, patientId, references };
}

/** Rows, asked with the maps of then. */
const counts = (before: ActivityDependencies, references: readonly string[]) =>
  Promise.all(references.map(async (reference) => (await rowsFor(before, reference)).length));

/** A withdrawal to its end, as its orchestration does it. */
async function withdraw(run: PinnedActivities, name: string): Promise<void> {
  while ((await run.withdrawPatient({ patient: name })).more);
  let from: Parameters<typeof run.findCompartment>[0]['from'];
  do {
    const place = from === undefined ? {} : { from };
    const { changes, next } = await run.findCompartment({ patient: name, pass: 'x', ...place });
    const references = changes.map(({ resourceType, id }) => `${resourceType}/${id}`);
    await run.withdrawRows({ references });
    from = next;
  } while (from !== undefined);
}

describe('rows of a map that is in use no more', () => {
  it.each(['disable', 'archive'] as const)('go with the consent: %s', async (order) => {
    const { before, host, patientId, references } = await synced();
    await host.maps[order]({ kind: 'entity', name: 'Encounter' }, by);
    await system.put(consent(patientId, { type: 'deny' }));
    await withdraw(activitiesOf(await host.worker()), references[0]);
    expect(await counts(before, references)).toEqual([0, 0]);
  });

  it('go also when it is the map of the patients themselves, child rows included', async () => {
    const { before, host, patientId, references } = await synced();
    const children = await childRows(before, references[0], 'identifier');
    expect(children).not.toEqual([]);
    await host.maps.disable({ kind: 'entity', name: 'Patient' }, by);
    await host.maps.disable({ kind: 'expansion', name: 'identifier' }, by);
    await system.put(consent(patientId, { type: 'deny' }));
    const run = activitiesOf(await host.worker());
    const { withdraw: refused } = await run.reviewPatients({ patients: [references[0]] });
    expect(refused).toEqual([references[0]]);
    const start = await system.lastWrite();
    await withdraw(run, references[0]);
    expect(await counts(before, references)).toEqual([0, 0]);
    const gone = (await system.writesSince(start)).map(({ id }) => id);
    expect(gone).toEqual(expect.arrayContaining(children.map(({ id }) => id)));
  });

  it('go although a table that a map once had was taken away since', async () => {
    const { before, host, patientId, references } = await synced();
    await host.maps.disable({ kind: 'entity', name: 'Encounter' }, by);
    await system.put(consent(patientId, { type: 'deny' }));
    const worker = await host.worker();
    const gone = async () => {
      const places = await worker.places();
      const child = { name: 'x', table: 'fds_nowhere', parentColumn: 'fds_x', expansions: [] };
      return [
        ...places.map((place) => ({ ...place, expansions: [...place.expansions, child] })),
        ...places.map((place) => ({ ...place, table: 'fds_nowhere' })),
      ];
    };
    await withdraw(activitiesOf({ ...worker, places: gone }), references[0]);
    expect(await counts(before, references)).toEqual([0, 0]);
  });

  it('go with the resource', async () => {
    const { before, host, references } = await synced();
    await host.maps.disable({ kind: 'entity', name: 'Encounter' }, by);
    await system.remove(references[1]);
    const { ended } = await syncPass(await host.worker(), [references[1]]);
    expect(ended).toMatchObject([{ kind: 'removed', table: 'msemr_encounter' }]);
    expect(await counts(before, references)).toEqual([1, 0]);
  });

  it('go when a Consent that speaks of some resources refuses this one', async () => {
    const { before, host, patientId, references } = await synced();
    await host.maps.disable({ kind: 'entity', name: 'Encounter' }, by);
    const encounters = { system: 'http://hl7.org/fhir/resource-types', code: 'Encounter' };
    await system.put(
      consent(patientId, {
        type: 'permit',
        provision: [{ type: 'deny', class: [encounters] }],
      }),
    );
    const worker = await host.worker();
    const run = activitiesOf(worker);
    expect(await run.reviewPatients({ patients: [references[0]] })).toEqual({
      withdraw: [],
      backfill: [references[0]],
    });
    const { changes } = await run.findCompartment({ patient: references[0], pass: 'pass' });
    expect(changes.map(({ id }) => id)).toContain(references[1].slice('Encounter/'.length));
    const { ended } = await syncPass(worker, references);
    expect(ended).toMatchObject([{ reference: references[1], kind: 'withheld' }]);
    expect(await counts(before, references)).toEqual([1, 0]);
  });

  it('stay as they are on every other change', async () => {
    const { host, references } = await synced();
    await host.maps.disable({ kind: 'entity', name: 'Encounter' }, by);
    const start = await system.lastWrite();
    const { ended } = await syncPass(await host.worker(), [references[1]]);
    expect(ended).toMatchObject([{ kind: 'skipped', reason: 'no enabled map for this type' }]);
    expect(await system.writesSince(start)).toEqual([]);
  });

  it('are not looked for where no map was ever in use', async () => {
    const { host, patientId } = await synced();
    const id = freshId('device');
    await system.put({
      ...{ resourceType: 'Device', id },
      patient: { reference: `Patient/${patientId}` },
    });
    const { ended, read } = await syncPass(await host.worker(), [`Device/${id}`]);
    expect(read.current).toEqual([]);
    expect(ended).toMatchObject([{ kind: 'skipped' }]);
  });
});

describe('what several patients share', () => {
  it('goes when one of them refuses who is not the main one, and comes back with the permit', async () => {
    const host = newHost();
    const [main, other] = [freshId('main'), freshId('other')];
    const shared = freshId('shared');
    for (const id of [main, other]) await system.put(patient(id, 'Shared'));
    await system.put(appointment(shared, main, other));
    const references = [`Patient/${main}`, `Patient/${other}`, `Appointment/${shared}`];
    const worker = await host.worker();
    await syncPass(worker, references);
    expect(await counts(worker, references)).toEqual([1, 1, 1]);

    await system.put(consent(other, { type: 'deny' }));
    const run = activitiesOf(await host.worker());
    await withdraw(run, `Patient/${other}`);
    expect(await counts(worker, references)).toEqual([1, 0, 0]);

    await system.put(consent(other, { type: 'permit' }));
    const { backfill } = await run.reviewPatients({ patients: [`Patient/${other}`] });
    expect(backfill).toEqual([`Patient/${other}`]);
    const { changes } = await run.findCompartment({ patient: `Patient/${other}`, pass: 'back' });
    const found = changes.map(({ resourceType, id }) => `${resourceType}/${id}`);
    await syncPass(await host.worker(), found);
    expect(await counts(worker, references)).toEqual([1, 1, 1]);
  });
});
