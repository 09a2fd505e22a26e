import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createObservableEngine } from '../../../../local/host/engine/index.ts';
import { HandlerWorker } from '../../../../local/host/testing/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-file-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function newEngine() {
  return createObservableEngine({
    worker: new HandlerWorker({ activities: {}, orchestrations: {} }),
    dataFile: join(folder, 'engine.db'),
    hubName: 'FileHub',
    baseUrl: () => 'http://127.0.0.1:7071',
    takeOverMs: 100,
  });
}

test('a second engine on one data file is refused and told what to do', async () => {
  const first = newEngine();
  await first.start();
  await expect(newEngine().start()).rejects.toThrow(/in use by another process.*data folder/);
  await first.stop();
  const next = newEngine();
  await next.start();
  await next.stop();
});
