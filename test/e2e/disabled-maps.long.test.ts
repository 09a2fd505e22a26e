import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, json, rowsOf } from './both-sides.ts';
import { type EmptySystem, startEmptySystem } from './empty-system.ts';

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

describe('a whole system of which maps are disabled', () => {
  let system: EmptySystem;
  beforeAll(async () => {
    system = await startEmptySystem();
  }, 120_000);
  afterAll(() => system?.run.stop());

  const put: EmptySystem['put'] = (resource) => system.put(resource);

  const changeMap = async (name: string, change: string) => {
    const answer = await fetch(`${system.functions}/api/maps/entity/${name}/${change}`, {
      method: 'POST',
    });
    expect(answer.status, await answer.text()).toBe(200);
  };

  const ids = async (set: string): Promise<readonly unknown[]> =>
    (await rowsOf(system.dataverse, `${set}?$select=msemr_azurefhirid`))
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
      const found = await json<{ idle: boolean }>(fetch(`${system.functions}/api/status`));
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

    await fetch(`${system.fhirUrl}/Condition/condition-b`, { method: 'DELETE' });
    await idsAre('msemr_conditions', ['condition-c']);

    await changeMap('Patient', 'disable');
    await put(deny('c'));
    await idsAre('contacts', ['b']);
    await idsAre('msemr_conditions', []);
    await rest();
  }, 120_000);
});
