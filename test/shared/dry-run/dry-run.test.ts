import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { generatePatients, generateShared } from '../../../local/seed/index.ts';
import type { DataverseClient } from '../../../shared/dataverse/index.ts';
import { dryRun, type ResourceForecast, runRows } from '../../../shared/dry-run/index.ts';
import {
  compilePack,
  type ExpansionMap,
  type FhirResource,
  loadMapFiles,
  type MapPack,
  packRoots,
} from '../../../shared/mapping/index.ts';
import { createRowDirectory } from '../../../shared/rows/index.ts';
import { startStandIn } from '../dataverse/stand-in-client.ts';
import { mapsFolder, projectFolder } from '../mapping/maps-folder.ts';

const files = await loadMapFiles(mapsFolder);
const pack = compilePack(files, { enabled: packRoots(files, 'all')! });
const servers: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

async function organisation() {
  const extension = join(projectFolder, 'infra', 'dataverse', 'tables.json');
  const server = await startStandIn({ extensions: [extension] });
  servers.push(server);
  return server.client;
}

const resources = seeded(2);

function seeded(patients: number): readonly FhirResource[] {
  const all = [...generateShared(7)] as unknown as FhirResource[];
  for (const { resources: own } of generatePatients({ patients, seed: 7 })) {
    all.push(...(own as unknown as FhirResource[]));
  }
  return all.filter(({ resourceType }) => pack.roots.has(resourceType));
}

function at(version: number, resource: FhirResource): FhirResource {
  const lastUpdated = new Date(Date.UTC(2025, 0, version)).toISOString();
  return { ...resource, meta: { versionId: String(version), lastUpdated } };
}

function apply(dataverse: DataverseClient, list: readonly FhirResource[], using: MapPack = pack) {
  return runRows({ dataverse, pack: using, directory: createRowDirectory() }, list);
}

type State = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

const everyExpansion = (list: readonly ExpansionMap[]): readonly ExpansionMap[] =>
  list.flatMap((one) => [one, ...everyExpansion(one.expansions)]);

/** Every row of the mapped tables, as the organisation holds it. */
async function stateOf(dataverse: DataverseClient, of: MapPack): Promise<State> {
  const tables = new Map<string, Set<string>>();
  for (const root of of.roots.values()) {
    const known = tables.get(root.table) ?? new Set<string>();
    tables.set(root.table, known);
    for (const column of [...root.columns, root.idColumn]) known.add(column);
    for (const { table, columns, parentColumn } of everyExpansion(root.expansions)) {
      tables.set(table, new Set([...columns, parentColumn]));
    }
  }
  const state = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [table, columns] of tables) {
    const [all] = await dataverse.execute([
      { kind: 'query', table, select: [...columns], filter: { all: [] } },
    ]);
    if (all?.kind !== 'rows') throw new Error(`no rows of ${table}: ${JSON.stringify(all)}`);
    for (const { id, values } of all.rows) state.set(`${table} ${id}`, values);
  }
  return state;
}

/** Rows that are new, gone or other, counted by table. */
function difference(before: State, after: State): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (place: string, what: string) => {
    const key = `${place.split(' ')[0]} ${what}`;
    counts[key] = (counts[key] ?? 0) + 1;
  };
  for (const [place, row] of after) {
    const old = before.get(place);
    if (old === undefined) count(place, 'created');
    else if (JSON.stringify(old) !== JSON.stringify(row)) count(place, 'changed');
  }
  for (const place of before.keys()) if (!after.has(place)) count(place, 'removed');
  return counts;
}

function foretold(forecasts: readonly ResourceForecast[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (key: string, by: number) => {
    if (by > 0) counts[key] = (counts[key] ?? 0) + by;
  };
  for (const { table, outcome, children } of forecasts) {
    if (outcome === 'created' || outcome === 'changed') count(`${table} ${outcome}`, 1);
    for (const child of children) {
      count(`${child.table} created`, child.added);
      count(`${child.table} changed`, child.changed);
      count(`${child.table} removed`, child.removed);
    }
  }
  return counts;
}

describe('a dry run', () => {
  test('foretells a first load exactly, and writes nothing', async () => {
    const dataverse = await organisation();
    const before = await stateOf(dataverse, pack);
    const list = resources.map((resource) => at(1, resource));
    const { resources: forecasts, concepts } = await dryRun({ pack, dataverse, resources: list });
    expect(await stateOf(dataverse, pack)).toEqual(before);
    expect(forecasts.every(({ outcome }) => outcome === 'created')).toBe(true);
    expect(concepts).toBeGreaterThan(5);
    await apply(dataverse, list);
    expect(difference(before, await stateOf(dataverse, pack))).toEqual(foretold(forecasts));
  });

  test('foretells any mix of edits, removals and additions, per column', async () => {
    const dataverse = await organisation();
    const some = resources.filter((_resource, index) => index % 7 !== 3);
    await apply(
      dataverse,
      some.map((resource) => at(1, resource)),
    );
    let version = 1;
    const edits = fc.array(
      fc.record({
        index: fc.nat(resources.length - 1),
        element: fc.constantFrom('identifier', 'status', 'name', 'code', 'period', 'gender'),
        donor: fc.nat(resources.length - 1),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        version += 1;
        const edited = new Map<string, FhirResource>();
        for (const { index, element, donor } of list) {
          const { [element]: _old, ...rest } = resources[index]!;
          const other = resources[donor]!;
          const same = other.resourceType === rest.resourceType && other[element] !== undefined;
          const body = { ...rest, ...(same ? { [element]: other[element] } : {}) } as FhirResource;
          edited.set(`${body.resourceType}/${body.id}`, at(version, body));
        }
        const changes = [...edited.values()];
        const before = await stateOf(dataverse, pack);
        const forecast = await dryRun({ pack, dataverse, resources: changes, versions: 'current' });
        expect(await stateOf(dataverse, pack)).toEqual(before);
        await apply(dataverse, changes);
        const after = await stateOf(dataverse, pack);
        expect(difference(before, after)).toEqual(foretold(forecast.resources));
        const perColumn = forecast.columns.reduce((sum, { changed }) => sum + changed, 0);
        const cells = [...after].flatMap(([place, row]) => {
          const old = before.get(place);
          const isRoot = [...pack.roots.values()].some(({ table }) =>
            place.startsWith(`${table} `),
          );
          if (old === undefined || !isRoot) return [];
          return Object.keys(row).filter((column) => row[column] !== old[column]);
        });
        expect(perColumn).toBe(cells.length);
      }),
      { numRuns: 12 },
    );
  });

  test('foretells the rows below child rows, those that go with the row above them too', async () => {
    const dataverse = await organisation();
    const team = (version: number, ...participants: readonly (readonly string[])[]) =>
      at(version, {
        ...{ resourceType: 'CareTeam', id: 'team', status: 'active' },
        participant: participants.map(([name = '', ...roles]) => ({
          member: { display: name },
          role: [name, ...roles].map((role) => ({ text: role })),
        })),
      });
    const versions = [
      team(1, ['Ann', 'a', 'b'], ['Bob', 'c']),
      team(2, ['Ann', 'b', 'd'], ['Eve']),
      team(3),
    ];
    for (const resource of versions) {
      const before = await stateOf(dataverse, pack);
      const options = { pack, dataverse, resources: [resource], versions: 'current' } as const;
      const { resources: forecasts } = await dryRun(options);
      expect(await stateOf(dataverse, pack)).toEqual(before);
      await apply(dataverse, [resource]);
      const real = difference(before, await stateOf(dataverse, pack));
      const { 'msemr_careteam created': _made, 'msemr_careteam changed': _row, ...below } = real;
      expect(foretold(forecasts)).toMatchObject(below);
      expect(below).toHaveProperty([
        `msemr_careteamparticipantrole ${resource === versions[0] ? 'created' : 'removed'}`,
      ]);
    }
  });

  test('of an edited map shows what it will do to rows that are up to date now', async () => {
    const dataverse = await organisation();
    const list = resources.map((resource) => at(1, resource));
    await apply(dataverse, list);
    const entities = files.entities.map(({ file, content }) => ({
      file,
      content:
        content.name === 'Patient'
          ? {
              ...content,
              attributes: content.attributes.map((attribute) =>
                attribute.action !== 'Expand' && attribute.column === 'firstname'
                  ? { ...attribute, source: '$name.family' }
                  : attribute,
              ),
            }
          : content,
    }));
    const draft = compilePack({ ...files, entities }, { enabled: packRoots(files, 'all')! });
    const now = await dryRun({ pack: draft, dataverse, resources: list, versions: 'current' });
    expect(now.resources.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    const next = await dryRun({ pack: draft, dataverse, resources: list });
    const changed = next.resources.filter(({ outcome }) => outcome !== 'unchanged');
    expect(changed.map(({ reference }) => reference.split('/')[0])).toEqual(['Patient', 'Patient']);
    expect(changed.every(({ columns }) => columns.join() === 'firstname')).toBe(true);
    const columns = next.columns.filter(({ changed: count }) => count > 0);
    expect(columns).toMatchObject([
      { map: 'Patient', column: 'firstname', changed: 2, unchanged: 0 },
    ]);
  });

  test('names what is rejected, by column, and what the pack does not map', async () => {
    const dataverse = await organisation();
    const patient = resources.find(({ resourceType }) => resourceType === 'Patient')!;
    const bad = at(1, { ...patient, birthDate: 'yesterday' } as FhirResource);
    const result = await dryRun({
      pack,
      dataverse,
      resources: [bad, { resourceType: 'Basic', id: '1' }],
    });
    expect(result).toMatchObject({
      unmapped: 1,
      resources: [{ outcome: 'rejected', columns: [] }],
    });
    const rejected = result.columns.filter(({ rejected: count }) => count > 0);
    expect(rejected.map(({ column }) => column)).toEqual(['birthdate']);
  });
});
