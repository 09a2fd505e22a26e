import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resource, type RunningSystem, startSystem } from '../support/running-system.ts';
import { childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

/** The life of a small chart; each list is what one change set puts, or removes where it is a reference. */
function story(stem: string): readonly (readonly (Resource | string)[])[] {
  const patient = (family: string, values: readonly string[]): Resource => ({
    resourceType: 'Patient',
    id: `${stem}-p`,
    name: [{ family }],
    identifier: values.map((value) => ({ system: 'urn:test', value })),
    managingOrganization: { reference: `Organization/${stem}-o` },
  });
  const about = (resourceType: string, id: string, more: object): Resource => ({
    resourceType,
    id: `${stem}-${id}`,
    subject: { reference: `Patient/${stem}-p` },
    ...more,
  });
  const encounter = about('Encounter', 'e', { status: 'finished', class: { code: 'AMB' } });
  const code = { coding: [{ system: 'http://snomed.info/sct', code: '38341003' }] };
  const organization = { resourceType: 'Organization', id: `${stem}-o`, name: 'Org' };
  return [
    [about('Condition', 'c', { code, encounter: { reference: `Encounter/${stem}-e` } }), encounter],
    [organization, patient('First', ['a', 'b'])],
    [encounter, about('Condition', 'c', { code })],
    [patient('Second', ['b', 'c'])],
    [`Condition/${stem}-c`],
    [about('Condition', 'c', { code, recordedDate: '2024-01-01' })],
  ];
}

const referenceOf = (item: Resource | string): string =>
  typeof item === 'string' ? item : `${item.resourceType}/${item.id}`;

const guid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What both sides hold at the end of each change set, with the ids and instants of this run taken out. */
async function live(stem: string, times: number): Promise<readonly unknown[]> {
  const states: unknown[] = [];
  const seen = new Set<string>();
  for (const set of story(stem)) {
    for (const item of set) {
      if (typeof item === 'string') await system.remove(item);
      else await system.put(item);
      seen.add(referenceOf(item));
    }
    const { failed, ended } = await syncPass(system.worker(), set.map(referenceOf), times);
    const rows = await Promise.all([...seen].map((reference) => stateOf(reference)));
    states.push({ failed, ended: ended.map(({ reference, kind }) => ({ reference, kind })), rows });
  }
  const text = JSON.stringify(states)
    .replaceAll(stem, 'stem')
    .replaceAll(guid, 'guid')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'instant');
  return JSON.parse(text);
}

async function stateOf(reference: string): Promise<unknown> {
  const [type = ''] = reference.split('/');
  const root = system.deps.pack.roots.get(type);
  const columns = [...(root?.columns ?? []), root?.versionColumn ?? '', 'statecode'];
  const rows = await rowsFor(system.deps, reference, columns);
  const children = await Promise.all(
    (root?.expansions ?? []).map(async ({ name }) => {
      const found = await childRows(system.deps, reference, name);
      return found.map(({ values }) => JSON.stringify(values)).toSorted();
    }),
  );
  const fhir: unknown = JSON.parse(await system.read(reference));
  return { reference, rows: rows.map(({ values }) => values), children, fhir };
}

describe('every activity', () => {
  it('run twice or three times leaves what one run leaves, on both sides', async () => {
    const once = await live(freshId('once'), 1);
    const kinds = JSON.stringify(once);
    for (const kind of ['parked', 'removed']) expect(kinds).toContain(`"${kind}"`);
    expect(await live(freshId('twice'), 2)).toEqual(once);
    expect(await live(freshId('thrice'), 3)).toEqual(once);
  });
});
