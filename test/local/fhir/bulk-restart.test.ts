import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  connectionString,
  exported,
  exportHeaders,
  importHeaders,
  importParameters,
  manifestOf,
  runExport,
  serveBulk,
  settled,
  startImport,
  upload,
  useStorage,
  version,
} from './bulk-services.ts';
import { newFolder } from './running-service.ts';

// A job outlives its process, as the job queue of the service does (facts/migration.md 2.1 "Internals").

useStorage();

const main = join(import.meta.dirname, '../../../local/fhir/main.ts');

async function startProcess(folder: string, ...more: string[]) {
  const options = ['--port', '0', '--data', folder, '--storage', connectionString(), ...more];
  const child = fork(main, options, { silent: true });
  const [{ url }] = await once(child, 'message');
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  return { url: String(url), kill };
}

test('an import goes on after SIGKILL, and loads every line once', async () => {
  const count = 6_000;
  const instant = (index: number) => new Date(Date.parse('2024-01-01') + index).toISOString();
  const lines = Array.from({ length: count }, (_, index) =>
    version(`p${index}`, 3, instant(index)),
  );
  const input = await upload([...lines, 'no json']);
  const folder = newFolder();
  const first = await startProcess(folder);
  const units = [{ name: 'processingUnitBytesToRead', valueInteger: 200_000 }];
  const kickOff = await fetch(`${first.url}/$import`, {
    method: 'POST',
    headers: importHeaders,
    body: JSON.stringify(importParameters([{ url: input }], units)),
  });
  const path = new URL(kickOff.headers.get('content-location')!).pathname;
  const loaded = async () => {
    const answer = await fetch(`${first.url}/Patient?_summary=count`);
    return JSON.parse(await answer.text()).total as number;
  };
  while ((await loaded()) < 1000) await new Promise((resolve) => setTimeout(resolve, 2));
  await first.kill();

  const second = await serveBulk({ dataFolder: folder });
  const { output, error } = manifestOf(await settled(second, path));
  expect(output).toMatchObject([{ count, inputUrl: input }]);
  expect(error).toMatchObject([{ count: 1 }]);
  expect((await second.call('GET', '/Patient?_summary=count')).json.total).toBe(count);
});

test('an export that was killed is done over after the restart; a cancelled job stays cancelled', async () => {
  const folder = newFolder();
  // A queue of 60 s times 10 keeps the jobs waiting until the process is gone.
  const first = await startProcess(folder, '--bulk-time-scale', '10');
  const call = (path: string, init: RequestInit) => fetch(first.url + path, init);
  await call('/Patient/a', {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+json' },
    body: '{"resourceType":"Patient","id":"a"}',
  });
  await new Promise((resolve) => setTimeout(resolve, 3));
  const kickOff = () => call('/$export', { headers: exportHeaders });
  const location = (answer: Response) => new URL(answer.headers.get('content-location')!).pathname;
  const kept = location(await kickOff());
  const cancelled = location(await kickOff());
  await call(cancelled, { method: 'DELETE' });
  await first.kill();

  const second = await serveBulk({ dataFolder: folder });
  const resources = await exported(manifestOf(await settled(second, kept)));
  expect(resources.map(({ id }) => id)).toEqual(['a']);
  expect((await second.call('GET', cancelled)).status).toBe(404);
});

test('finished jobs are still known after a restart, and so is what they were asked', async () => {
  const dataFolder = newFolder();
  const first = await serveBulk({ dataFolder });
  const parameters = importParameters([{ url: await upload([version('a', 1, undefined)]) }]);
  const kickOff = await startImport(first, parameters);
  const path = new URL(kickOff.headers.get('content-location')!).pathname;
  const before = await settled(first, path);
  await runExport(first);
  await first.close();
  const second = await serveBulk({ dataFolder });
  expect((await second.call('GET', path)).status).toBe(200);
  expect(manifestOf(before).output).toEqual(manifestOf(await second.call('GET', path)).output);
  const again = await startImport(second, parameters);
  expect(again.status).toBe(202);
});
