import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningDataverse, startDataverse } from '../../../local/dataverse/index.ts';
import { runMapTool } from '../../../local/maps/index.ts';
import { loadMapFiles } from '../../../shared/mapping/index.ts';
import { example, projectFolder } from '../../shared/mapping/maps-folder.ts';

let server: RunningDataverse;
let folder: string;
let dataverse: string;
beforeAll(async () => {
  const extensions = [join(projectFolder, 'infra', 'dataverse', 'tables.json')];
  server = await startDataverse({ extensions });
  dataverse = `${server.url}/api/data/v9.2`;
  folder = await mkdtemp(join(tmpdir(), 'map-tools-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runMapTool(args, {
    out: (text) => out.push(text),
    error: (text) => error.push(text),
  });
  return { code, out, error };
}

async function samples(name: string, resources: readonly unknown[]): Promise<string> {
  const samplesFolder = await mkdtemp(join(folder, `${name}-`));
  const lines = resources.map((resource) => JSON.stringify(resource)).join('\n');
  await writeFile(join(samplesFolder, 'samples.ndjson'), `${lines}\n`);
  return samplesFolder;
}

describe('maps check', () => {
  test('passes the shipped pack against an organisation that has our tables', async () => {
    const from = await samples('fine', [example('Patient-example')]);
    const { code, out } = await run(
      'check',
      '--pack',
      'all',
      '--dataverse',
      dataverse,
      '--samples',
      from,
    );
    expect(out.at(-1)).toMatch(/^27 root maps, \d+ tables, 1 samples \(0 rejected\): 0 errors/);
    expect(code).toBe(0);
  });

  test('fails, with the place, on a sample that does not fit', async () => {
    const bad = { ...example('Patient-example'), birthDate: 'soon' };
    const { code, out } = await run('check', '--samples', await samples('bad', [bad]));
    expect(code).toBe(1);
    expect(out[0]).toMatch(/^error entity\/patient\.json#\/attributes\/\d+: birthdate: wrong-type/);
  });
});

describe('maps dry-run', () => {
  test('foretells per column and writes nothing', async () => {
    const from = await samples('dry', [
      { ...example('Patient-example'), managingOrganization: undefined },
    ]);
    const args = ['dry-run', '--dataverse', dataverse, '--samples', from];
    const first = await run(...args);
    expect(first.out).toContain('Patient lastname: 1 created, 0 changed, 0 unchanged, 0 rejected');
    expect(first.out.at(-1)).toContain('Nothing was written.');
    expect(await run(...args)).toEqual(first);
    expect(first.code).toBe(0);
  });
});

describe('maps import', () => {
  test('writes map files that load', async () => {
    const file = join(folder, 'export.json');
    const into = join(folder, 'imported');
    const entity = {
      msind_updateserviceentitymapid: 'e',
      msind_name: 'Basic',
      msind_entityname: 'basic',
      msind_azurefhirresource: 'Basic',
    };
    const attribute = {
      _msind_updateserviceentitymap_value: 'e',
      msind_cdsattributename: 'name',
      msind_actiontype: 440670000,
      msind_fhirelementmap: '{"s":"$.code.text"}',
    };
    await writeFile(file, JSON.stringify({ entities: [entity], attributes: [attribute] }));
    const { code, out } = await run('import', file, '--out', into);
    expect({ code, out }).toEqual({ code: 0, out: ['1 map files written, 0 problems'] });
    expect(await readdir(into)).toEqual(['entity']);
    expect((await loadMapFiles(into)).entities).toHaveLength(1);
  });
});

describe('a wrong call is answered with what to do', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['no tool', [], /Name a tool: check, dry-run/],
    ['an unknown option', ['check', '--colour'], /--colour/],
    ['an unknown pack', ['check', '--pack', 'x'], /no pack "x"; the folder has: .*demo/],
    [
      'no samples',
      ['dry-run', '--dataverse', 'http://127.0.0.1:1'],
      /needs --dataverse URL and --samples DIR/,
    ],
    ['no folder', ['check', '--samples', join(tmpdir(), 'not-there')], /not-there/],
    ['no address', ['check', '--dataverse', 'here'], /takes a URL/],
    ['nothing to import', ['import'], /FILE\.\.\. and --out DIR/],
  ])('%s', async (_name, args, words) => {
    const { code, error } = await run(...args);
    expect(error.join('\n')).toMatch(words);
    expect(code).toBe(2);
  });
});
