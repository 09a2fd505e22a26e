import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Organisation } from '../../../infra/dataverse/organisation.ts';
import { provisionTables } from '../../../infra/dataverse/provision-tables.ts';
import { runProvision } from '../../../infra/dataverse/run-provision.ts';
import type { TableFile } from '../../../infra/dataverse/table-file.ts';
import { type RunningDataverse, startDataverse } from '../../../local/dataverse/index.ts';
import { runMapTool } from '../../../local/maps/index.ts';

const root = join(import.meta.dirname, '..', '..', '..');
let service: RunningDataverse;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'provision-'));
  service = await startDataverse({ keyBuildMs: 40, dataFolder: join(folder, 'data') });
});
afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runProvision(args, {
    out: (line) => out.push(line),
    error: (line) => error.push(line),
    input: async () => 'a-token\n',
  });
  return { code, out, error };
}
const url = () => `${service.url}/api/data/v9.2`;
const ours = (...more: readonly string[]) => run('--url', url(), ...more);
const provision = (file: TableFile) => {
  const lines: string[] = [];
  return provisionTables({
    ...{ file, isDryRun: false, pollMs: 10, print: (line: string) => lines.push(line) },
    organisation: new Organisation({ url: url() }),
  }).then((done) => ({ ...done, lines }));
};
const listSchema = z.object({ value: z.array(z.record(z.string(), z.unknown())) });
const list = async (path: string) =>
  listSchema.parse(await (await fetch(`${url()}/${path}`)).json()).value;
const mapCheck = async () => {
  const out: string[] = [];
  const print = (text: string) => out.push(text);
  const args = ['check', '--pack', 'all', '--dataverse', url()];
  const code = await runMapTool(args, { out: print, error: print });
  return { code, out };
};

describe('provisioning an organisation that has the healthcare data model only', () => {
  test('afterwards the shipped maps fit, after a restart too, and a second run changes nothing', async () => {
    expect((await mapCheck()).code).toBe(1);
    const first = await ours('--solution', 'FhirDataverseSync');
    expect(first.error).toEqual([]);
    expect(first.code).toBe(0);
    expect(first.out).toContain('created table fds_patientidentifier');
    expect(first.out).toContain('created lookup fds_patientidentifier.fds_patientid');
    expect(first.out.at(-1)).toMatch(/^\d{2,} created, 0 to settle by hand$/);
    expect(await mapCheck()).toMatchObject({ code: 0 });
    await service.close();
    service = await startDataverse({ dataFolder: join(folder, 'data') });
    expect(await mapCheck()).toMatchObject({ code: 0 });
    const second = await ours();
    expect(second).toEqual({ code: 0, out: ['0 created, 0 to settle by hand'], error: [] });
  });

  test('a dry run tells everything and makes nothing', async () => {
    const dry = await ours('--dry-run');
    expect(dry.out).toContain('would create table fds_patientidentifier');
    const second = await ours('--dry-run');
    expect(second.out).toEqual(dry.out);
    expect((await fetch(`${url()}/fds_patientidentifiers`)).status).toBe(404);
  });
});

const note: TableFile = {
  demo_note: {
    primaryName: 'demo_name',
    display: 'Note',
    columns: {
      demo_name: { type: 'string', maxLength: 50 },
      demo_text: { type: 'memo', maxLength: 5000 },
      demo_count: { type: 'integer' },
      demo_big: { type: 'bigint' },
      demo_rate: { type: 'decimal' },
      demo_float: { type: 'double' },
      demo_cost: { type: 'money' },
      demo_done: { type: 'boolean' },
      demo_at: { type: 'datetime' },
      demo_day: { type: 'date' },
      demo_kind: { type: 'choice', options: { 1: 'One', 2: 'Two' } },
      demo_flags: { type: 'multichoice', options: { 1: 'One', 2: 'Two' } },
      demo_owner: { type: 'lookup', targets: ['contact'], navigation: 'demo_Owner' },
      demo_about: { type: 'lookup', targets: ['account', 'contact'] },
    },
    keys: [{ name: 'demo_ByName', columns: ['demo_name'] }],
  },
};

describe('what a table file can ask for', () => {
  test('columns of every type, lookups to one and to several tables, and keys that are Active', async () => {
    const { created, differences } = await provision(note);
    expect([created, differences]).toEqual([15, 0]);
    const value = await list(
      "EntityDefinitions(LogicalName='demo_note')/Keys?$select=SchemaName,EntityKeyIndexStatus",
    );
    expect(value).toMatchObject([{ SchemaName: 'demo_ByName', EntityKeyIndexStatus: 'Active' }]);
    const lookups = await list(
      "EntityDefinitions(LogicalName='demo_note')/ManyToOneRelationships?$filter=ReferencingAttribute eq 'demo_about' or ReferencingAttribute eq 'demo_owner'",
    );
    expect(lookups.map((one) => one['ReferencingEntityNavigationPropertyName'])).toEqual([
      'demo_Owner',
      'demo_about_account',
      'demo_about_contact',
    ]);
    expect(await provision(note)).toMatchObject({ created: 0, differences: 0 });
  });

  test('an interrupted run is finished by the next one', async () => {
    const fault = { method: 'POST', path: 'RelationshipDefinitions', status: 500 };
    await fetch(`${service.url}/_control/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await expect(provision(note)).rejects.toMatchObject({
      code: 'DATAVERSE_REFUSED',
      message: expect.stringContaining('lookup demo_note.demo_owner'),
    });
    expect(await provision(note)).toMatchObject({ created: 3, differences: 0 });
    expect(await provision(note)).toMatchObject({ created: 0, differences: 0 });
  });

  test('what differs is told and left as it is', async () => {
    await provision(note);
    const changed: TableFile = {
      demo_note: {
        columns: {
          demo_name: { type: 'string', maxLength: 80 },
          demo_text: { type: 'string' },
          demo_kind: { type: 'choice', options: { 2: 'Two', 3: 'Three' } },
          demo_owner: { type: 'lookup', targets: ['account'] },
          plain: { type: 'string' },
        },
      },
      demo_absent: { columns: {} },
    };
    const { created, differences, lines } = await provision(changed);
    expect([created, differences]).toEqual([0, 6]);
    expect(lines).toEqual([
      'differs: demo_note.demo_name holds 50 characters, 80 are needed',
      'differs: demo_note.demo_text is of type Memo, not string',
      'differs: demo_note.demo_kind lacks the options 3',
      'differs: demo_note.demo_owner does not point at account',
      'differs: demo_note.plain is missing, and is a column of Dataverse itself that cannot be added',
      'differs: demo_absent is missing: install the solution that has it',
      '0 created, 6 to settle by hand',
    ]);
  });

  test('a key over rows that collide is told', async () => {
    await provision({ demo_note: { ...note['demo_note']!, keys: [] } });
    for (const body of ['{"demo_name":"a"}', '{"demo_name":"a"}']) {
      const headers = { 'Content-Type': 'application/json' };
      await fetch(`${url()}/demo_notes`, { method: 'POST', headers, body });
    }
    const { created, differences, lines } = await provision(note);
    expect([created, differences]).toEqual([1, 1]);
    expect(lines.join('\n')).toContain('the key demo_note.demo_ByName is not Active');
  });
});

describe('the program', () => {
  test('says what it needs, and names a file or option that is wrong', async () => {
    expect(await run()).toMatchObject({ code: 2, error: [expect.stringContaining('--url')] });
    expect((await run('--nope')).code).toBe(2);
    expect((await run('--url', 'nowhere')).code).toBe(2);
    const file = join(folder, 'tables.json');
    expect((await ours('--file', file)).code).toBe(2);
    await writeFile(file, '{"tables":{"a":{"columns":{"b":{"type":"text"}}}}}');
    const wrong = await ours('--file', file);
    expect([wrong.code, wrong.error.join()]).toEqual([
      2,
      expect.stringContaining('tables.a.columns.b'),
    ]);
  });

  test('runs from a shell, with a token from standard input', async () => {
    await service.close();
    service = await startDataverse({ requireToken: true, dataFolder: join(folder, 'data') });
    expect((await ours('--dry-run')).code).toBe(2);
    expect((await ours('--dry-run', '--token-stdin')).code).toBe(0);
    const program = join(root, 'infra', 'dataverse', 'provision.ts');
    const done = promisify(execFile)(process.execPath, [program, '--url', url(), '--dry-run']);
    await expect(done).rejects.toMatchObject({ code: 2 });
  });
});
