import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

const main = join(import.meta.dirname, '../../../local/dataverse/main.ts');
const rowSchema = z.object({ lastname: z.string().nullable(), versionnumber: z.number() });
const rowsSchema = z.object({ value: z.array(rowSchema) });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dataverse-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function start(): Promise<{ child: ChildProcess; root: string }> {
  const child = fork(main, ['--port', '0', '--data', folder], { silent: true });
  const [message] = await once(child, 'message');
  expect(message).toMatchObject({ type: 'ready', url: expect.any(String) });
  return { child, root: `${message.url}/api/data/v9.2/` };
}

const put = (root: string, index: number) =>
  fetch(`${root}contacts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ lastname: `row ${index}`, msemr_azurefhirid: `row-${index}` }),
  });

test('every acknowledged write survives a kill at any moment, and versions keep rising', async () => {
  const first = await start();
  const acknowledged: number[] = [];
  const lost = once(first.child, 'exit');
  for (let index = 0; index < 400; index += 1) {
    if (index === 150) {
      setTimeout(() => first.child.kill('SIGKILL'), 20);
    }
    const answer = await put(first.root, index).catch(() => undefined);
    if (answer === undefined) {
      break;
    }
    acknowledged.push(index);
  }
  first.child.kill('SIGKILL');
  await lost;
  const second = await start();
  const query = '$select=lastname,versionnumber&$orderby=versionnumber';
  const answer = await fetch(`${second.root}contacts?${query}`);
  const { value } = rowsSchema.parse(await answer.json());
  const names = new Set(value.map((row) => row.lastname));
  expect(acknowledged.length).toBeGreaterThanOrEqual(150);
  expect(acknowledged.filter((index) => !names.has(`row ${index}`))).toEqual([]);
  const made = await fetch(`${second.root}contacts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Prefer: 'return=representation' },
    body: '{}',
  });
  const { versionnumber } = rowSchema.parse(await made.json());
  expect(versionnumber).toBeGreaterThan(value.at(-1)?.versionnumber ?? Infinity);
  second.child.kill('SIGTERM');
  await once(second.child, 'exit');
});

test('a child ends when its parent disconnects', async () => {
  const { child } = await start();
  const ended = once(child, 'exit');
  child.disconnect();
  expect((await ended)[0]).toBe(0);
});

test('a port in use ends it with 1 and one clear sentence', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const address = blocker.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const child = fork(main, ['--port', port], { silent: true });
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  const [code] = await once(child, 'close');
  blocker.close();
  expect(code).toBe(1);
  expect(complaint).toMatch(new RegExp(`^Port ${port} is in use.*--port\\.\\n$`));
});
