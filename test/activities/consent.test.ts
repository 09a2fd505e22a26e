import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../activities/index.ts';
import {
  activitiesOf,
  type Resource,
  type RunningSystem,
  startSystem,
} from '../support/running-system.ts';
import { changeOf, childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const patient = (id: string): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family: 'Will' }],
  identifier: [{ system: 'urn:test', value: id }],
});

const about = (resourceType: string, id: string, patientId: string): Resource => ({
  resourceType,
  id,
  subject: { reference: `Patient/${patientId}` },
  ...(resourceType === 'Encounter'
    ? { status: 'finished', class: { code: 'AMB' } }
    : { code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] } }),
  ...(resourceType === 'Observation' ? { status: 'final' } : {}),
});

const consent = (patientId: string, provision: object): Resource => ({
  resourceType: 'Consent',
  id: `consent-${patientId}`,
  status: 'active',
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

const observations = { system: 'http://hl7.org/fhir/resource-types', code: 'Observation' };

interface Chart {
  readonly patientId: string;
  readonly references: readonly string[];
}

/** A patient, an encounter and an observation in FHIR. */
async function chart(): Promise<Chart> {
  const patientId = freshId('patient');
  await system.put(patient(patientId));
  const rest = ['Encounter', 'Observation'].map((type) => about(type, freshId('about'), patientId));
  for (const resource of rest) await system.put(resource);
  const references = rest.map(({ resourceType, id }) => `${resourceType}/${id}`);
  return { patientId, references: [`Patient/${patientId}`, ...references] };
}

const rowCounts = ({ references }: Chart) =>
  Promise.all(references.map(async (reference) => (await rowsFor(system.deps, reference)).length));

/** Replaces the marking of patients by one after which something else happens. */
function afterMarking(work: () => Promise<unknown>): ActivityDependencies {
  const deps = system.worker();
  const { withheldPatients } = deps.ledger;
  const mark = async (patients: readonly string[]) => {
    await withheldPatients.mark(patients);
    await work();
  };
  return { ...deps, ledger: { ...deps.ledger, withheldPatients: { ...withheldPatients, mark } } };
}

describe('the gate', () => {
  it('lets nothing of a patient who refuses into Dataverse, and names the Consent', async () => {
    const made = await chart();
    const { id } = consent(made.patientId, {});
    await system.put(consent(made.patientId, { type: 'deny' }));
    const before = await system.lastWrite();
    const { ended } = await syncPass(system.worker(), made.references);
    expect(ended.map(({ kind }) => kind)).toEqual(['withheld', 'withheld', 'withheld']);
    expect(ended[0]?.reason).toContain(`Consent/${id}/_history/1`);
    expect(await rowCounts(made)).toEqual([0, 0, 0]);
    expect(await system.writesSince(before)).toEqual([]);
    expect(await system.deps.ledger.withheldPatients.isMarked(`Patient/${made.patientId}`)).toBe(
      true,
    );
  });

  it('sees a permit that comes between its mark and its second look', async () => {
    const made = await chart();
    await system.put(consent(made.patientId, { type: 'deny' }));
    const deps = afterMarking(() => system.put(consent(made.patientId, { type: 'permit' })));
    const { ended } = await syncPass(deps, made.references);
    expect(ended).toEqual([]);
    expect(await rowCounts(made)).toEqual([1, 1, 1]);
  });

  it('withholds by the switch on the contact, and keeps the rows that are there', async () => {
    const made = await chart();
    await syncPass(system.worker(), made.references);
    const [row] = await rowsFor(system.deps, `Patient/${made.patientId}`);
    await system.person.execute([
      {
        kind: 'update',
        table: 'contact',
        id: row!.id,
        etag: row!.etag,
        row: { msemr_azurefhirsyncenabled: false },
      },
    ]);
    const before = await system.lastWrite();
    await system.put({ ...patient(made.patientId), gender: 'female' });
    const { ended, consent: answer } = await syncPass(system.worker(), made.references);
    expect(new Set(ended.map(({ kind }) => kind))).toEqual(new Set(['withheld']));
    expect(answer.refused).toEqual([]);
    expect(await rowCounts(made)).toEqual([1, 1, 1]);
    expect(await system.writesSince(before)).toEqual([]);
  });

  it('takes a refused class of resources back, and only those', async () => {
    const made = await chart();
    await syncPass(system.worker(), made.references);
    await system.put(
      consent(made.patientId, {
        type: 'permit',
        provision: [{ type: 'deny', class: [observations] }],
      }),
    );
    const { ended } = await syncPass(system.worker(), made.references);
    expect(ended).toMatchObject([{ reference: made.references[2], kind: 'withheld' }]);
    expect(await rowCounts(made)).toEqual([1, 1, 0]);
  });

  it('fails as a whole, and lets nothing through, while Consents cannot be read', async () => {
    const made = await chart();
    const { current } = await system.activities.readChanges({
      changes: made.references.map((reference) => changeOf(reference)),
    });
    await system.fhirFault({ path: 'Consent', times: 50, status: 503 });
    await expect(system.activities.decideConsent({ resources: current })).rejects.toMatchObject({
      retryable: true,
    });
  });
});

describe('a refusal that comes while rows are written', () => {
  it('is seen by the look after the rows', async () => {
    const made = await chart();
    const { consent: gate } = await syncPass(system.worker(), made.references);
    await system.put(consent(made.patientId, { type: 'deny' }));
    const { confirmConsent } = activitiesOf(system.worker());
    expect(await confirmConsent({ resources: gate.permitted })).toEqual({
      turned: [`Patient/${made.patientId}`],
    });
  });

  it('is not missed because a body cannot be read again for now', async () => {
    const made = await chart();
    const { consent: gate } = await syncPass(system.worker(), made.references);
    await system.put(
      consent(made.patientId, {
        type: 'permit',
        provision: [{ type: 'deny', class: [observations] }],
      }),
    );
    const { confirmConsent } = activitiesOf(system.worker());
    await system.fhirFault({ method: 'POST', times: 1, status: 500 });
    const input = { resources: gate.permitted };
    await confirmConsent(input).catch((error: unknown) => error);
    expect(await confirmConsent(input)).toEqual({ turned: [`Patient/${made.patientId}`] });
  });
});

describe('a turn of consent', () => {
  const review = (patientId: string) =>
    activitiesOf(system.worker()).reviewPatients({ patients: [`Patient/${patientId}`] });

  it('to a refusal takes every row about the patient back, children and contact too', async () => {
    const made = await chart();
    await syncPass(system.worker(), made.references);
    const children = await childRows(system.deps, `Patient/${made.patientId}`, 'identifier');
    expect(children).not.toEqual([]);
    await system.put(consent(made.patientId, { type: 'deny' }));
    const name = `Patient/${made.patientId}`;
    expect(await review(made.patientId)).toEqual({ withdraw: [name], backfill: [] });
    const before = await system.lastWrite();
    const { rows } = await system.activities.withdrawPatient({ patient: name });
    expect(rows).toHaveLength(3);
    expect(await rowCounts(made)).toEqual([0, 0, 0]);
    const deleted = (await system.writesSince(before)).map(({ id }) => id);
    expect(deleted).toEqual(expect.arrayContaining(children.map(({ id }) => id)));
    expect(await system.activities.withdrawPatient({ patient: name })).toEqual({
      rows: [],
      more: false,
    });
  });

  it('to a permit brings what was held back', async () => {
    const made = await chart();
    const name = `Patient/${made.patientId}`;
    await system.put(consent(made.patientId, { type: 'deny' }));
    await syncPass(system.worker(), made.references);
    await system.put(consent(made.patientId, { type: 'permit' }));
    expect(await review(made.patientId)).toEqual({ withdraw: [], backfill: [name] });
    await system.activities.clearWithheld({ patient: name });
    const { changes } = await system.activities.findCompartment({ patient: name, pass: 'pass-1' });
    const found = changes.map(({ resourceType, id }) => `${resourceType}/${id}`);
    expect(found.toSorted()).toEqual([...made.references].sort());
    const { ended } = await syncPass(system.worker(), found);
    expect(ended).toEqual([]);
    expect(await review(made.patientId)).toEqual({ withdraw: [], backfill: [] });
  });

  it('that refuses some resources goes through all of them, however the Consent says so', async () => {
    const provisions = [
      { type: 'permit', provision: [{ type: 'deny', class: [observations] }] },
      { type: 'deny', class: [observations] },
    ];
    for (const provision of provisions) {
      const made = await chart();
      await syncPass(system.worker(), made.references);
      await system.put(consent(made.patientId, provision));
      const { withdraw, backfill } = await review(made.patientId);
      expect({ withdraw, backfill }).toEqual({
        withdraw: [],
        backfill: [`Patient/${made.patientId}`],
      });
      await syncPass(system.worker(), made.references);
      expect(await rowCounts(made)).toEqual([1, 1, 0]);
    }
  });

  it('is not forgotten because the patient cannot be read for now', async () => {
    const made = await chart();
    await syncPass(system.worker(), made.references);
    await system.put(consent(made.patientId, { type: 'deny' }));
    await system.fhirFault({ path: `Patient/${made.patientId}`, times: 50, status: 500 });
    await expect(review(made.patientId)).rejects.toMatchObject({ retryable: true });
    await system.clearFaults();
    expect((await review(made.patientId)).withdraw).toHaveLength(1);
  });

  it('is read from the version before when the Consent was deleted', async () => {
    const made = await chart();
    const { id } = await consent(made.patientId, {});
    await system.put(consent(made.patientId, { type: 'deny' }));
    await system.remove(`Consent/${id}`);
    const changes = [changeOf(`Consent/${id}`, { kind: 'deleted', versionId: '2' })];
    const { consentTurns, ended } = await system.activities.readChanges({ changes });
    expect(consentTurns).toEqual([`Patient/${made.patientId}`]);
    expect(ended).toMatchObject([{ kind: 'skipped' }]);
    await system.fhirFault({ path: '_history', times: 50, status: 500 });
    const failing = await activitiesOf(system.worker()).readChanges({ changes });
    expect(failing).toMatchObject({ ended: [], failed: [{ reference: `Consent/${id}` }] });
  });

  it('concerns both patients when a Consent was put to another one', async () => {
    const [wrong, right] = [freshId('wrong'), freshId('right')];
    for (const id of [wrong, right]) await system.put(patient(id));
    const mistaken = consent(wrong, { type: 'deny' });
    await system.put(mistaken);
    await system.put({ ...mistaken, patient: { reference: `Patient/${right}` } });
    const { consentTurns } = await system.activities.readChanges({
      changes: [changeOf(`Consent/${mistaken.id}`, { versionId: '2' })],
    });
    expect(consentTurns.toSorted()).toEqual([`Patient/${right}`, `Patient/${wrong}`]);
  });
});
