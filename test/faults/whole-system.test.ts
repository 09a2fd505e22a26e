import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, json, type Resource, resourcesOf, rowsOf } from '../e2e/both-sides.ts';
import { type LocalRun, localRun } from '../e2e/local-run.ts';

interface Status {
  readonly idle: boolean;
  readonly received: number;
  readonly pending: number;
  readonly deadLetters: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

const seed = Number(process.env['FAULT_SEED'] ?? 20261121);
const people = 12;
const edits = 150;

type Edit =
  | { readonly kind: 'rename'; readonly person: number; readonly family: string }
  | { readonly kind: 'delete'; readonly person: number }
  | { readonly kind: 'consent'; readonly person: number; readonly type: 'permit' | 'deny' };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('rename' as const),
      person: fc.nat(people - 1),
      family: fc.stringMatching(/^[A-Z][a-z]{2,8}$/),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), person: fc.nat(people - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('consent' as const),
      person: fc.nat(people - 1),
      type: fc.constantFrom('permit' as const, 'deny' as const),
    }),
  },
);

describe(`random edits while everything fails now and then (seed ${seed})`, () => {
  let run: LocalRun;
  let fhir = '';
  let dataverse = '';
  let functions = '';
  let eventGrid = '';

  beforeAll(async () => {
    run = localRun(['--no-seed']);
    fhir = (await run.says(/FHIR\s+(http\S+)/))[1] ?? '';
    dataverse = new URL((await run.says(/Dataverse\s+(http\S+)/))[1] ?? '').origin;
    functions = (await run.says(/Functions\s+(http\S+)/))[1] ?? '';
    eventGrid = (await run.says(/Event Grid\s+(http\S+)/))[1] ?? '';
    await run.says(/Three things to try/);
  }, 120_000);

  afterAll(() => run?.stop());

  const post = (url: string, body: unknown) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function makeTrouble(): Promise<void> {
    await post(`${eventGrid}/_control/faults`, {
      seed,
      duplicateRate: 0.3,
      reorderRate: 0.5,
      dropRate: 0.1,
      lostAnswerRate: 0.1,
    });
    await post(`${dataverse}/_control/faults`, [
      { path: '\\$batch', skip: 3, times: 2, status: 503 },
      { path: '\\$batch', skip: 9, times: 1, status: 429, headers: { 'retry-after': '1' } },
      { path: '\\$batch', skip: 14, times: 2, torn: 'after' },
      { scope: 'part', path: 'contacts', skip: 20, times: 3, status: 412 },
      { scope: 'part', path: 'contacts', skip: 30, times: 2, status: 500 },
    ]);
    // Only what the product sends: our own edits of this test are plain PUT, DELETE and GET.
    await post(`${fhir}/_control/faults`, [
      { method: 'POST', times: 2, status: 503 },
      { method: 'PATCH', times: 2, torn: 'after' },
      { method: 'PATCH', times: 1, status: 429, headers: { 'retry-after': '1' } },
    ]);
  }

  async function apply(change: Edit): Promise<void> {
    const id = `p${change.person}`;
    const url = `${fhir}/Patient/${id}`;
    if (change.kind === 'delete') {
      await fetch(url, { method: 'DELETE' });
    } else if (change.kind === 'rename') {
      const current = await fetch(url);
      const known = current.ok ? await json<Resource>(current) : { resourceType: 'Patient', id };
      await put({ ...known, name: [{ use: 'official', family: change.family }] });
    } else {
      await put({
        resourceType: 'Consent',
        id: `c${change.person}`,
        status: 'active',
        scope: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/consentscope',
              code: 'patient-privacy',
            },
          ],
        },
        category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
        patient: { reference: `Patient/${id}` },
        policyRule: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }],
        },
        provision: { type: change.type },
      });
    }
  }

  async function put(resource: {
    resourceType: string;
    id: string;
    [element: string]: unknown;
  }): Promise<void> {
    const response = await fetch(`${fhir}/${resource.resourceType}/${resource.id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    });
    expect(response.ok).toBe(true);
  }

  it('comes to rest with exactly the rows that FHIR and consent ask for', async () => {
    await makeTrouble();
    for (const change of fc.sample(edit, { seed, numRuns: edits })) await apply(change);
    // What Event Grid has lost so far comes again by its own schedule; nothing more is lost from here.
    await post(`${eventGrid}/_control/faults`, { seed });
    const status = await eventually(async () => {
      const [app, events, source] = await Promise.all([
        json<Status>(fetch(`${functions}/api/status`)),
        json<{ idle: boolean }>(fetch(`${eventGrid}/_control/status`)),
        json<{ idle: boolean }>(fetch(`${fhir}/_control/status`)),
      ]);
      return app.idle && events.idle && source.idle ? app : undefined;
    }, 'rest').catch(async (error: Error) => {
      throw new Error(`${error.message}: ${await whatRuns()}`);
    });

    const consents = await resourcesOf(fhir, 'Consent');
    const denied = new Set(
      consents
        .filter(({ provision }) => provision?.type === 'deny')
        .map(({ patient }) => patient?.reference),
    );
    const patients = await resourcesOf(fhir, 'Patient');
    const expected = patients.filter(({ id }) => !denied.has(`Patient/${id}`));
    const rows = await rowsOf(dataverse, 'contacts?$select=msemr_azurefhirid,lastname,contactid');
    const wanted = expected.map((patient) => [patient.id, familyOf(patient)]);
    const found = rows.map((row) => [row['msemr_azurefhirid'], row['lastname']]);
    expect(found.sort(), await storiesOf(wanted, found)).toEqual(wanted.sort());

    const rowIds = new Map(rows.map((row) => [row['msemr_azurefhirid'], row['contactid']]));
    for (const { id, identifier = [] } of expected) {
      const own = identifier.filter(({ system }) => system === 'urn:oid:org.d365.mc4h.patient.id');
      expect(own.map(({ value }) => value)).toEqual([rowIds.get(id)]);
    }
    const ended = Object.values(status.outcomes).reduce((sum, count) => sum + count, 0);
    expect(ended + status.pending).toBe(status.received);
    expect(status.deadLetters).toBe(0);
  }, 180_000);

  /** Orchestrations under way with the end of their histories, for a failed run. */
  async function whatRuns(): Promise<string> {
    const base = `${functions}/runtime/webhooks/durabletask/instances`;
    const list = await json<{ instanceId: string; name: string; lastUpdatedTime: string }[]>(
      fetch(`${base}?runtimeStatus=Running&code=local-system-key`),
    );
    const shown = await Promise.all(
      list.slice(0, 6).map(async ({ instanceId, name, lastUpdatedTime }) => {
        const url = `${base}/${encodeURIComponent(instanceId)}?showHistory=true&showHistoryOutput=true&code=local-system-key`;
        const { historyEvents } = await json<{ historyEvents: unknown[] }>(fetch(url));
        const last = historyEvents.slice(-4).map((event) => JSON.stringify(event).slice(0, 400));
        return [name, instanceId, lastUpdatedTime, ...last].join('\n  ');
      }),
    );
    const status = await json<unknown>(fetch(`${functions}/api/status`));
    return [JSON.stringify(status), new Date().toISOString(), ...shown].join('\n');
  }

  /** What the product says of the patients whose rows are not as they should be. */
  async function storiesOf(wanted: readonly unknown[][], found: readonly unknown[][]) {
    const known = new Set(found.map((row) => row.join()));
    const missing = wanted.filter((row) => !known.has(row.join()));
    const stories = await Promise.all(
      missing.map(([id]) =>
        json<unknown>(fetch(`${functions}/api/operations/changes/Patient/${id}`)),
      ),
    );
    return JSON.stringify(stories, null, 1);
  }

  const familyOf = (patient: Resource): unknown => {
    const names = patient['name'];
    return Array.isArray(names) ? names[0]?.family : undefined;
  };
});
