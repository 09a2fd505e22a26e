import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, json, rowsOf } from './both-sides.ts';
import { type LocalRun, localRun } from './local-run.ts';

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

describe('a whole system of which maps are disabled', () => {
  let run: LocalRun;
  let fhirUrl = '';
  let dataverse = '';
  let functions = '';

  beforeAll(async () => {
    run = localRun(['--no-seed']);
    fhirUrl = (await run.says(/FHIR\s+(http\S+)/))[1] ?? '';
    dataverse = new URL((await run.says(/Dataverse\s+(http\S+)/))[1] ?? '').origin;
    functions = (await run.says(/Functions\s+(http\S+)/))[1] ?? '';
    await run.says(/Three things to try/);
  }, 120_000);

  afterAll(() => run?.stop());

  const put = async (resource: Resource) => {
    const response = await fetch(`${fhirUrl}/${resource.resourceType}/${resource.id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    });
    expect(response.ok).toBe(true);
  };

  const changeMap = async (name: string, change: string) => {
    const answer = await fetch(`${functions}/api/maps/entity/${name}/${change}`, {
      method: 'POST',
    });
    expect(answer.status, await answer.text()).toBe(200);
  };

  const ids = async (set: string): Promise<readonly unknown[]> =>
    (await rowsOf(dataverse, `${set}?$select=msemr_azurefhirid`))
      .map((row) => row['msemr_azurefhirid'])
      .sort();

  const idsAre = (set: string, wanted: readonly string[]) =>
    eventually(
      async () => {
        const found = await ids(set);
        return JSON.stringify(found) === JSON.stringify(wanted) ? true : undefined;
      },
      `${set} of ${wanted.join(', ') || 'nobody'}`,
    );

  const rest = () =>
    eventually(async () => {
      const found = await json<{ idle: boolean }>(fetch(`${functions}/api/status`));
      return found.idle ? true : undefined;
    }, 'rest');

  const deny = (patient: string): Resource => ({
    ...{ resourceType: 'Consent', id: `no-${patient}`, status: 'active' },
    scope: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
      ],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${patient}` },
    policyRule: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }],
    },
    provision: { type: 'deny' },
  });

  it('a consent that is withdrawn and a deletion reach their rows all the same', async () => {
    await changeMap('Appointment', 'enable');
    for (const id of ['a', 'b', 'c']) {
      await put({ resourceType: 'Patient', id, name: [{ family: 'Disabled' }] });
      await put({
        ...{ resourceType: 'Condition', id: `condition-${id}` },
        ...{ subject: { reference: `Patient/${id}` }, code: { text: 'Cough' } },
      });
    }
    await put({
      ...{ resourceType: 'Appointment', id: 'shared', status: 'booked' },
      ...{ start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:30:00Z' },
      participant: ['c', 'a'].map((id) => ({
        ...{ actor: { reference: `Patient/${id}` }, status: 'accepted' },
      })),
    });
    await idsAre('msemr_conditions', ['condition-a', 'condition-b', 'condition-c']);
    await idsAre('msemr_appointmentemrs', ['shared']);
    await rest();

    await changeMap('Condition', 'archive');
    await changeMap('Appointment', 'disable');
    await put(deny('a'));
    await idsAre('contacts', ['b', 'c']);
    await idsAre('msemr_conditions', ['condition-b', 'condition-c']);
    await idsAre('msemr_appointmentemrs', []);

    await fetch(`${fhirUrl}/Condition/condition-b`, { method: 'DELETE' });
    await idsAre('msemr_conditions', ['condition-c']);

    await changeMap('Patient', 'disable');
    await put(deny('c'));
    await idsAre('contacts', ['b']);
    await idsAre('msemr_conditions', []);
    await rest();
  }, 120_000);
});
