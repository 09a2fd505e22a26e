import { inspect } from 'node:util';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChangeOutcome, settleChanges } from '../../shared/outcomes/index.ts';
import {
  activitiesOf,
  type Resource,
  type RunningSystem,
  startSystem,
} from '../support/running-system.ts';
import { changeOf, freshId, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

const canary = 'Kanarienvogel4711';

const patient = (id: string, more: object = {}): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family: canary, text: canary }],
  identifier: [{ system: `urn:${canary}`, value: canary }],
  telecom: [{ system: 'phone', value: canary }],
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${canary}</div>` },
  ...more,
});

const tellTale = {
  body: {
    error: { code: '0x80040203', message: `The value ${canary} of column 'lastname' is wrong` },
  },
};

/** Runs a piece of work; whatever it answers or throws, as text. */
async function told(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work());
  } catch (error) {
    const details = error instanceof Error && 'details' in error ? error.details : undefined;
    return `${inspect(error, { depth: 10 })} ${JSON.stringify(details)}`;
  }
}

async function everyRecord(): Promise<string> {
  const options = { allowInsecureConnection: true };
  const service = TableServiceClient.fromConnectionString(system.storage, options);
  const records: string[] = [];
  for await (const { name = '' } of service.listTables()) {
    const table = TableClient.fromConnectionString(system.storage, name, options);
    for await (const record of table.listEntities()) records.push(JSON.stringify(record));
  }
  return records.join('\n');
}

const recordOf = (instanceId: string) =>
  ({
    instanceId,
    cause: 'events',
    receivedAt: '2026-01-01T00:00:00.000Z',
    received: 1,
    echoes: 0,
    quarantined: 0,
    ignored: 0,
    closed: true,
    identifiers: 0,
    counts: {
      applied: 0,
      unchanged: 0,
      superseded: 0,
      withheld: 0,
      skipped: 0,
      parked: 0,
      rejected: 1,
      removed: 0,
    },
    taken: { parked: 0, rejected: 0 },
  }) as const;

interface Mishap {
  readonly name: string;
  /** What the answer or error says, so that the mishap has happened. */
  readonly shows: string;
  readonly resource: (id: string) => Resource;
  readonly before?: (id: string) => Promise<void>;
}

const anywhere = { method: 'POST', path: 'batch', times: 50 };
const writes = { method: 'PATCH', times: 50 };

const mishaps: readonly Mishap[] = [
  { name: 'all goes well', shows: '"applied"', resource: (id) => patient(id) },
  {
    name: 'a value is too long for its column',
    shows: '"too-long"',
    resource: (id) => patient(id, { name: [{ family: canary.repeat(10) }] }),
  },
  {
    name: 'Dataverse refuses the row and quotes a value',
    shows: '"dataverse-refused"',
    resource: (id) => patient(id),
    before: () => system.dataverseFault({ ...writes, status: 400, ...tellTale }),
  },
  {
    name: 'Dataverse refuses child rows and quotes a value',
    shows: '"dataverse-refused"',
    resource: (id) => patient(id),
    before: () =>
      system.dataverseFault({ ...writes, path: 'identifier', status: 400, ...tellTale }),
  },
  {
    name: 'Dataverse refuses the whole request and quotes a value',
    shows: 'DATAVERSE_REFUSED',
    resource: (id) => patient(id),
    before: () => system.dataverseFault({ ...anywhere, status: 400, ...tellTale }),
  },
  {
    name: 'Dataverse is busy and quotes a value',
    shows: 'DATAVERSE_UNAVAILABLE',
    resource: (id) => patient(id),
    before: () => system.dataverseFault({ ...anywhere, status: 503, ...tellTale }),
  },
  {
    name: 'Dataverse answers something unreadable that quotes a value',
    shows: 'RESPONSE_UNREADABLE',
    resource: (id) => patient(id),
    before: () =>
      system.dataverseFault({ ...anywhere, status: 200, body: `<html>${canary}</html>` }),
  },
  {
    name: 'connections to Dataverse tear',
    shows: 'DATAVERSE_UNAVAILABLE',
    resource: (id) => patient(id),
    before: () => system.dataverseFault({ ...anywhere, torn: 'after' }),
  },
  {
    name: 'FHIR refuses the identifier',
    shows: '"fhir-refused"',
    resource: (id) => patient(id),
    before: () => system.fhirFault({ method: 'PATCH', times: 50, status: 422 }),
  },
  {
    name: 'FHIR is down',
    shows: 'FHIR_UNAVAILABLE',
    resource: (id) => patient(id),
    before: () => system.fhirFault({ times: 500, status: 503 }),
  },
  {
    name: 'the awaited row is not there',
    shows: '"parked"',
    resource: (id) =>
      patient(id, { managingOrganization: { reference: 'Organization/nobody', display: canary } }),
  },
  {
    name: 'the patient refuses',
    shows: '"withheld"',
    resource: (id) => patient(id),
    before: async (id) => {
      await system.put({
        resourceType: 'Consent',
        id: `consent-${id}`,
        status: 'active',
        scope: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/consentscope',
              code: 'patient-privacy',
            },
          ],
        },
        category: [{ text: canary }],
        patient: { reference: `Patient/${id}`, display: canary },
        policyRule: { text: canary },
        provision: { type: 'deny' },
      });
    },
  },
];

describe('nothing clinical', () => {
  it.each(mishaps)(
    'gets into answers, errors or the ledger when $name',
    async ({ resource, before, shows }) => {
      const id = freshId('phi');
      await system.put(resource(id));
      await before?.(id);
      const reference = `Patient/${id}`;
      const texts = [await told(() => syncPass(system.worker(), [reference]))];
      expect(texts[0]).toContain(shows);
      const run = activitiesOf(system.worker());
      texts.push(await told(() => run.reviewPatients({ patients: [reference] })));
      texts.push(await told(() => run.findCompartment({ patient: reference, pass: 'pass' })));
      texts.push(await told(() => run.removeRows({ references: [reference] })));
      texts.push(await told(() => run.withdrawRows({ references: [reference] })));
      texts.push(await told(() => run.withdrawPatient({ patient: reference })));
      await system.clearFaults();
      const change = changeOf(reference);
      const pass = await syncPass(system.worker(), [reference]);
      const outcomes: readonly ChangeOutcome[] = settleChanges([change], pass.ended);
      const parked = outcomes.filter(({ kind }) => kind === 'parked');
      const instanceId = freshId('set');
      const at = '2026-01-01T00:00:00.000Z';
      texts.push(await told(() => run.parkChanges({ instanceId, parked, since: at })));
      texts.push(
        await told(() =>
          run.recordOutcomes({
            instanceId,
            at,
            outcomes,
            record: recordOf(instanceId),
            released: [],
            redriven: [],
          }),
        ),
      );
      texts.push(await everyRecord());
      expect(texts.join('\n')).toContain(id);
      expect(texts.filter((text) => text.includes(canary))).toEqual([]);
    },
  );
});
