import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generatePatients, generateShared } from '../../local/seed/index.ts';
import { gridEvent, type Json, type RunningApp, startRunningApp } from '../triggers/running-app.ts';
import { drafts, type MapContent, mutated } from './map-drafts.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp();
}, 120_000);
afterAll(() => app?.stop());

const mapped = ['Patient', 'Practitioner', 'Organization', 'Encounter', 'Condition', 'Observation'];

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

const seeded = [
  ...generateShared(7),
  ...[...generatePatients({ patients: 3, seed: 7 })].flatMap(({ resources }) => resources),
] as unknown as readonly Resource[];
/** Every one of a mapped type, of patients who permit, who refuse, and who say nothing. */
const resources = seeded.filter(({ resourceType }) => mapped.includes(resourceType));
const referenceOf = ({ resourceType, id }: Resource) => `${resourceType}/${id}`;

/** What changes with every write, whatever the maps say, and what Dataverse makes out of mapped columns. */
const unmapped =
  /^(@|versionnumber$|modifiedon$|createdon$|fullname$|msemr_azurefhirversion$|msemr_azurefhirlastupdatedon$)/;

const sets = {
  contact: 'contacts',
  account: 'accounts',
  msemr_encounter: 'msemr_encounters',
  msemr_condition: 'msemr_conditions',
  msemr_observation: 'msemr_observations',
  msemr_codeableconcept: 'msemr_codeableconcepts',
  msemr_contactlink: 'msemr_contactlinks',
  msemr_medicalidentifier: 'msemr_medicalidentifiers',
  fds_patientidentifier: 'fds_patientidentifiers',
  fds_practitioneridentifier: 'fds_practitioneridentifiers',
  fds_organizationidentifier: 'fds_organizationidentifiers',
  fds_encounteridentifier: 'fds_encounteridentifiers',
  fds_conditionidentifier: 'fds_conditionidentifiers',
  fds_observationidentifier: 'fds_observationidentifiers',
} as const;

const roots = ['contact', 'account', 'msemr_encounter', 'msemr_condition', 'msemr_observation'];

type State = ReadonlyMap<string, Json>;

async function stateOf(): Promise<State> {
  const state = new Map<string, Json>();
  for (const [table, set] of Object.entries(sets)) {
    for (const row of await app.rows(set)) {
      const columns = Object.entries(row)
        .filter(([column]) => !unmapped.test(column))
        .map(([column, value]) => [column.replace(/^_(.+)_value$/, '$1'), value] as const);
      state.set(`${table} ${String(row[`${table}id`])}`, Object.fromEntries(columns));
    }
  }
  return state;
}

type Counts = Readonly<Record<string, number>>;

function counter() {
  const counts: Record<string, number> = {};
  const count = (what: string, by = 1) => {
    if (by > 0) counts[what] = (counts[what] ?? 0) + by;
  };
  return { counts, count };
}

/** Root rows by column, and rows of child tables, that became other. */
function difference(before: State, after: State): Counts {
  const { counts, count } = counter();
  for (const [place, row] of after) {
    const [table = ''] = place.split(' ');
    const old = before.get(place);
    const changed = Object.keys({ ...old, ...row }).filter((name) => old?.[name] !== row[name]);
    if (old === undefined) count(`${table} created`);
    else if (changed.length > 0 && !roots.includes(table)) count(`${table} changed`);
    else for (const column of changed) count(`${table}.${column} changed`);
  }
  for (const place of before.keys()) if (!after.has(place)) count(`${place.split(' ')[0]} removed`);
  return counts;
}

interface Report {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly withheld: number;
  readonly concepts: number;
  readonly columns: readonly { table: string; column: string; changed: number }[];
  readonly children: readonly { table: string; added: number; changed: number; removed: number }[];
}

function foretold({ columns, children, concepts }: Report): Counts {
  const { counts, count } = counter();
  for (const { table, column, changed } of columns) count(`${table}.${column} changed`, changed);
  for (const { table, added, changed, removed } of children) {
    count(`${table} created`, added);
    count(`${table} changed`, changed);
    count(`${table} removed`, removed);
  }
  count('msemr_codeableconcept created', concepts);
  return counts;
}

async function post(url: string, body: object) {
  return app.call('POST', url, { body: JSON.stringify(body) });
}

/** A new version of every resource, with nothing else changed, brought into Dataverse. */
async function touchAll(run: number): Promise<void> {
  for (const resource of resources) {
    const url = `${app.fhirUrl}/${referenceOf(resource)}`;
    const current = (await (await fetch(url)).json()) as Resource & { readonly meta: Json };
    await app.put({ ...current, meta: { source: `urn:run:${run}` } });
  }
  await deliver(run);
}

let events = 0;

async function deliver(run: number): Promise<void> {
  for (let start = 0; start < resources.length; start += 100) {
    const some = resources.slice(start, start + 100).map((resource) => {
      events += 1;
      const version = run === 0 ? 1 : 1000 + run;
      return gridEvent(referenceOf(resource), { kind: 'Updated', version, eventId: `e${events}` });
    });
    expect((await app.deliver(some)).status).toBeLessThan(300);
  }
  await app.settled();
}

it('a dry run foretells what the draft does, for any draft, resource by resource and column by column', async () => {
  for (const resource of seeded) await app.put(resource);
  await deliver(0);
  expect((await app.settled()).outcomes).toMatchObject({ rejected: 0, parked: 0 });
  let run = 0;
  let edits = 0;
  await fc.assert(
    fc.asyncProperty(drafts(mapped), async ({ map, mutations }) => {
      const url = `/api/maps/entity/${map}`;
      const { etag, body } = await app.call('GET', url);
      const draft = mutated(body['content'] as unknown as MapContent, mutations);
      const forecast = await post('/api/maps/dry-run', {
        drafts: [{ kind: 'entity', content: draft }],
        resources: resources.map(referenceOf),
      });
      const before = await stateOf();
      const saved = await app.call('PUT', url, {
        body: JSON.stringify(draft),
        headers: { 'if-match': etag ?? '' },
      });
      expect(saved.status).toBe(forecast.status);
      if (saved.status !== 200) return;
      run += 1;
      await touchAll(run);
      const actual = difference(before, await stateOf());
      const report = forecast.body as unknown as Report;
      expect(actual).toEqual(foretold(report));
      expect(report.withheld).toBeGreaterThan(0);
      if (Object.keys(actual).length > 0) edits += 1;
    }),
    { numRuns: 3, endOnFailure: true },
  );
  expect(edits).toBeGreaterThan(0);
}, 300_000);
