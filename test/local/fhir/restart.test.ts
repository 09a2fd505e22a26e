import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newFolder, serve } from './running-service.ts';

test('a restart keeps resources, history, index and version numbers', async () => {
  const dataFolder = newFolder();
  const before = await serve({ dataFolder });
  await before.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', gender: 'male' });
  await before.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', gender: 'female' });
  const { json: last } = await before.call('GET', '/Patient/a');
  await before.close();

  const after = await serve({ dataFolder });
  expect((await after.call('GET', '/Patient/a')).json).toEqual(last);
  expect((await after.call('GET', '/Patient/a/_history')).json.total).toBe(2);
  expect((await after.call('GET', '/Patient?gender=female&_summary=count')).json.total).toBe(1);
  const next = await after.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  expect(next.json.meta!.versionId).toBe('3');
  expect(next.json.meta!.lastUpdated > last.meta!.lastUpdated).toBe(true);
});

test('every write that was answered survives SIGKILL', async () => {
  const folder = newFolder();
  const main = join(import.meta.dirname, '../../../local/fhir/main.ts');
  const child = fork(main, ['--port', '0', '--data', folder], { silent: true });
  const [{ url }] = await once(child, 'message');
  const answered: string[] = [];
  const writing = (async () => {
    for (let index = 0; ; index += 1) {
      const id = `p${index}`;
      const body = JSON.stringify({ resourceType: 'Patient', id });
      const headers = { 'content-type': 'application/fhir+json' };
      const response = await fetch(`${url}/Patient/${id}`, { method: 'PUT', headers, body });
      if (response.status === 201) answered.push(id);
      if (answered.length === 60) child.kill('SIGKILL');
    }
  })();
  await writing.catch(() => undefined);

  const after = await serve({ dataFolder: folder });
  const { json } = await after.call('GET', '/Patient?_count=1000');
  const kept = json.entry!.map(({ resource }) => resource!.id);
  expect(kept).toEqual(expect.arrayContaining(answered));
  expect(kept.length).toBeLessThanOrEqual(answered.length + 1);
});

test('a port in use ends the process with 1 and one sentence', async () => {
  const running = await serve();
  const main = join(import.meta.dirname, '../../../local/fhir/main.ts');
  const child = fork(main, ['--port', new URL(running.url).port], { silent: true });
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(errors).toContain('did not start');
});
