import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, json, type Resource, rowsOf } from './both-sides.ts';
import { type EmptySystem, startEmptySystem } from './empty-system.ts';

interface Story {
  readonly chapters: readonly { readonly outcome: { readonly kind: string } }[];
}

interface Status {
  readonly idle: boolean;
  readonly received: number;
  readonly pending: number;
  readonly deadLetters: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

describe('npm start -- --no-seed, fed by any HTTP client', () => {
  let system: EmptySystem;
  beforeAll(async () => {
    system = await startEmptySystem();
  }, 120_000);
  afterAll(() => system?.run.stop());

  const put: EmptySystem['put'] = (resource) => system.put(resource);
  const read = (reference: string) => json<Resource>(fetch(`${system.fhirUrl}/${reference}`));
  const contact = async (id: string, select = 'firstname,lastname,msemr_azurefhirversion') =>
    (
      await rowsOf(
        system.dataverse,
        `contacts?$select=${select}&$filter=msemr_azurefhirid eq '${id}'`,
      )
    )[0];

  const ana = {
    resourceType: 'Patient',
    id: 'by-hand',
    name: [{ use: 'official', family: "O'Brien", given: ['Ana'] }],
    identifier: [{ system: 'urn:example:mrn', value: '42' }],
  };

  it('a patient that is put becomes a contact, and carries its row id afterwards', async () => {
    await put(ana);
    const row = await eventually(() => contact('by-hand'), 'a contact row');
    expect(row).toMatchObject({ firstname: 'Ana', lastname: "O'Brien" });
    const identifier = await eventually(async () => {
      const { identifier } = await read('Patient/by-hand');
      return identifier?.length === 2 ? identifier : undefined;
    }, 'the Dataverse identifier');
    expect(identifier).toEqual([
      { system: 'urn:example:mrn', value: '42' },
      { system: 'urn:oid:org.d365.mc4h.patient.id', value: row['contactid'] },
    ]);
  });

  it('an observation that comes before its patient waits for the patient and then gets its row', async () => {
    await put({
      resourceType: 'Observation',
      id: 'early',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
      subject: { reference: 'Patient/late' },
      effectiveDateTime: '2026-01-02T03:04:05Z',
      valueQuantity: { value: 71, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    });
    const parked = await eventually(async () => {
      const response = await fetch(`${system.functions}/api/operations/changes/Observation/early`);
      return response.ok ? json<Story>(response) : undefined;
    }, 'the story of the observation');
    expect(parked.chapters.at(-1)?.outcome).toMatchObject({
      kind: 'parked',
      waitingFor: ['Patient/late'],
    });
    await put({ ...ana, id: 'late' });
    const rows = await eventually(async () => {
      const found = await rowsOf(
        system.dataverse,
        "msemr_observations?$filter=msemr_azurefhirid eq 'early'",
      );
      return found.length > 0 ? found : undefined;
    }, 'the row of the observation');
    expect(rows).toHaveLength(1);
  });

  it('an update changes the row, and a removed identifier takes its child row along', async () => {
    const current = await read('Patient/by-hand');
    const own = current.identifier?.[1];
    await put({
      ...current,
      name: [{ use: 'official', family: 'Müller', given: ['Ana'] }],
      identifier: [own],
    });
    await eventually(
      async () => ((await contact('by-hand'))?.['lastname'] === 'Müller' ? true : undefined),
      'the new name',
    );
    const rows = await eventually(async () => {
      const found = await rowsOf(
        system.dataverse,
        `fds_patientidentifiers?$filter=_fds_patientid_value eq ${own?.value}`,
      );
      return found.length === 1 ? found : undefined;
    }, 'the child row to go');
    expect(rows[0]).toMatchObject({ fds_system: own?.system, fds_value: own?.value });
  });

  it('a refusal takes the rows back, and a later permit brings them again', async () => {
    const consent = (type: string) => ({
      resourceType: 'Consent',
      id: 'by-hand-consent',
      status: 'active',
      scope: {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
        ],
      },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: 'Patient/by-hand' },
      policyRule: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }],
      },
      provision: { type },
    });
    await put(consent('deny'));
    await eventually(
      async () => ((await contact('by-hand')) === undefined ? true : undefined),
      'the withdrawal',
    );
    await put(consent('permit'));
    const row = await eventually(() => contact('by-hand'), 'the contact again');
    expect(row).toMatchObject({ lastname: 'Müller' });
  });

  it('a delete in FHIR removes the row and its children', async () => {
    const { contactid } = await eventually(() => contact('by-hand', 'contactid'), 'the contact');
    await fetch(`${system.fhirUrl}/Patient/by-hand`, { method: 'DELETE' });
    await eventually(
      async () => ((await contact('by-hand')) === undefined ? true : undefined),
      'the row to go',
    );
    const left = await rowsOf(
      system.dataverse,
      `fds_patientidentifiers?$filter=_fds_patientid_value eq ${contactid}`,
    );
    expect(left).toEqual([]);
  });

  it('tells the whole story of a resource, and nothing clinical in it', async () => {
    const response = await fetch(`${system.functions}/api/operations/changes/Patient/by-hand`);
    const text = await response.text();
    const { chapters } = JSON.parse(text);
    const kinds = chapters.map((chapter: { outcome: { kind: string } }) => chapter.outcome.kind);
    expect(kinds).toContain('applied');
    expect(kinds.at(-1)).toBe('removed');
    expect(text).not.toMatch(/Müller|O'Brien|Ana/);
  });

  it('comes to rest', async () => {
    const status = await eventually(async () => {
      const found = await json<Status>(fetch(`${system.functions}/api/status`));
      return found.idle ? found : undefined;
    }, 'rest');
    const ended = Object.values(status.outcomes).reduce((sum, count) => sum + count, 0);
    expect(ended + status.pending).toBe(status.received);
    expect(status.deadLetters).toBe(0);
  });
});
