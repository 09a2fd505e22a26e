import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Told {
  readonly lines: number;
  readonly peakBytes: number;
}

function streamThrough(megabytes: number): Promise<Told> {
  const path = fileURLToPath(new URL('./stream-through.ts', import.meta.url));
  const child = fork(path, [String(megabytes)], { execArgv: [] });
  return new Promise((resolve, reject) => {
    child.once('message', (told) => resolve(told as Told));
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
}

test('memory does not grow with the file: 4 GB in under 256 MB', { timeout: 600_000 }, async () => {
  const small = await streamThrough(100);
  const large = await streamThrough(4000);
  expect([small.lines, large.lines]).toEqual([100_000, 4_000_000]);
  expect(large.peakBytes).toBeLessThan(256e6);
});
