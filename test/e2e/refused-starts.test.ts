import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localRun, temporaryFolder } from './local-run.ts';

describe('a start that cannot be is refused with what to do', () => {
  it.each([
    [['--patients', 'many'], /--patients must be a whole number.*"many"/],
    [['--patients', '5', '--from', 'x'], /--from and --patients exclude each other/],
    [['--what'], /Unknown option '--what'/],
  ])('%j', async (args, message) => {
    const run = localRun(args);
    expect(await run.ended()).toBe(1);
    expect(run.output()).toMatch(message);
  });

  it('a data folder on which another copy runs', async () => {
    const folder = await temporaryFolder();
    const mark = { layout: 1, processId: process.ppid, runs: true };
    await writeFile(join(folder.path, 'fhir-dataverse-sync.json'), JSON.stringify(mark));
    const run = localRun(['--data', folder.path, '--once']);
    expect(await run.ended()).toBe(1);
    expect(run.output()).toMatch(/Another copy \(process \d+\) already runs/);
    await folder.remove();
  });

  it('a data folder of another version', async () => {
    const folder = await temporaryFolder();
    const mark = { layout: 999, processId: 1, runs: false };
    await writeFile(join(folder.path, 'fhir-dataverse-sync.json'), JSON.stringify(mark));
    const run = localRun(['--data', folder.path, '--once']);
    expect(await run.ended()).toBe(1);
    expect(run.output()).toMatch(/another version \(layout 999, this one reads 1\)/);
    await folder.remove();
  });

  it('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const free = ['functions', 'fhir', 'event-grid', 'blob', 'queue', 'table'].flatMap((name) => [
      `--${name}-port`,
      '0',
    ]);
    const run = localRun(['--once', '--take-over', '0'], {
      ports: [...free, '--dataverse-port', port],
    });
    expect(await run.ended()).toBe(1);
    expect(run.output()).toMatch(new RegExp(`[Pp]ort ${port}.*(in use|cannot be used)`));
    server.close();
  });

  it('a map file with an error, by file, pointer and remedy', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder.path, 'maps', 'entity'), { recursive: true });
    await writeFile(join(folder.path, 'maps', 'entity', 'broken.json'), '{"name":"Broken"}');
    process.env['FDS_MAPS_FOLDER'] = join(folder.path, 'maps');
    try {
      const run = localRun(['--once']);
      expect(await run.ended()).toBe(1);
      expect(run.output()).toMatch(/entity\/broken\.json#/);
    } finally {
      delete process.env['FDS_MAPS_FOLDER'];
      await folder.remove();
    }
  });
});
