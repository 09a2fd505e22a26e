import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparableRows } from './both-sides.ts';
import { hostAfter } from './empty-system.ts';
import { localRun, openResult, readSummary, temporaryFolder } from './local-run.ts';

const patients = '4';
const sets = [
  ...['contacts', 'accounts', 'msemr_encounters', 'msemr_conditions', 'msemr_observations'],
  ...['msemr_codeableconcepts', 'msemr_medicalidentifiers', 'fds_patientidentifiers'],
  ...['fds_observationidentifiers', 'fds_encounteridentifiers'],
];

async function rowsIn(data: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const result = await openResult(data);
  const rows = await Promise.all(
    sets.map(async (set) => [set, await comparableRows(result.dataverse.url, set)] as const),
  );
  await result.close();
  return Object.fromEntries(rows);
}

const withoutVersions = (rows: Readonly<Record<string, readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(rows).map(([set, some]) => [
      set,
      some.map((row) => row.replace(/\["msemr_azurefhirversion","\d+"\],?/, '')).sort(),
    ]),
  );

describe('SIGKILL of the Functions host in the middle of a run', () => {
  const folders: Awaited<ReturnType<typeof temporaryFolder>>[] = [];
  let undisturbed: Readonly<Record<string, readonly string[]>>;

  beforeAll(async () => {
    const calm = await temporaryFolder();
    folders.push(calm);
    const run = localRun(['--patients', patients, '--once', '--data', calm.path]);
    expect(await run.ended(), run.output()).toBe(0);
    undisturbed = withoutVersions(await rowsIn(calm.path));
  }, 180_000);

  afterAll(() => Promise.all(folders.map((folder) => folder.remove())));

  it('ends with the same rows as an undisturbed run, once it is started again on the same data', async () => {
    const folder = await temporaryFolder();
    folders.push(folder);
    const args = ['--patients', patients, '--once', '--data', folder.path];
    const first = localRun(args);
    const functions = (await first.says(/Functions\s+(http\S+)/))[1] ?? '';
    process.kill(await hostAfter(functions, 'upsertRows'), 'SIGKILL');
    expect(await first.ended()).toBe(1);
    expect(first.output()).toMatch(/ended unexpectedly.*same --data/);

    const file = join(folder.path, 'out.json');
    const second = localRun([...args, '--summary', file]);
    expect(await second.ended(), second.output()).toBe(0);
    const summary = await readSummary(file);
    expect(summary).toMatchObject({ countsClose: true, pending: 0, deadLetters: 0 });
    expect(withoutVersions(await rowsIn(folder.path))).toEqual(undisturbed);
  }, 240_000);
});
