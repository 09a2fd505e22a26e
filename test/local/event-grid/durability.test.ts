import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startEventGrid } from '../../../local/event-grid/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';
import {
  fhirEvent,
  publish,
  type Receiver,
  startReceiver,
  statusOf,
  subscribe,
  whenIdle,
} from './receiver.ts';

// Child processes and Azurite need seconds to start, and many of them on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
let receiver: Receiver;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'event-grid-'));
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

const main = fileURLToPath(new URL('../../../local/event-grid/main.ts', import.meta.url));

function startChild(...more: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(main, ['--port', '0', '--time-scale', '0.001', ...more], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint += chunk;
    });
    child.once('close', () => reject(new Error(complaint)));
    child.once('message', (message: { url: string }) => resolve({ url: message.url, child }));
  });
}

function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

test.each([5, 20, 60])(
  'what was accepted before a kill after %i deliveries is delivered after it',
  async (killAfter) => {
    const accepted = new Set<string>();
    const first = await startChild('--data', folder);
    await subscribe(first.url, receiver.url, { batch: 3 });
    // Every third request fails, so that some events are waiting when the kill comes.
    receiver.answer = () => (receiver.deliveries.length % 3 === 0 ? 500 : 200);
    const killed = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (receiver.deliveries.length < killAfter) return;
        clearInterval(timer);
        resolve(kill(first.child));
      }, 1);
    });
    for (let round = 0; round < 500 && first.child.exitCode === null; round += 1) {
      const batch = Array.from({ length: 5 }, (_, index) => fhirEvent(`${round}-${index}`));
      const answer = await publish(first.url, batch).catch(() => undefined);
      if (answer?.status !== 200) break;
      for (const { id } of batch) accepted.add(id);
    }
    await killed;

    receiver.answer = () => 200;
    const second = await startChild('--data', folder);
    const status = await whenIdle(second.url);
    const delivered = new Set(receiver.deliveries.flatMap(({ ids }) => ids));
    expect([...accepted].filter((id) => !delivered.has(id))).toEqual([]);
    expect(status).toMatchObject({ delivered: status.publishedEvents, deadLettered: 0 });
    await kill(second.child);
  },
);

test('attempts made before a restart still count after it', async () => {
  receiver.answer = () => 500;
  const first = await startEventGrid({ port: 0, dataFolder: folder, timeScale: 0.001 });
  const retryPolicy = { maxDeliveryAttempts: 4 };
  await subscribe(first.url, receiver.url, { properties: { retryPolicy } });
  await publish(first.url, [fhirEvent('1')]);
  while (receiver.deliveries.length < 2 || (await statusOf(first.url)).inFlight > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await first.close();
  const second = await startEventGrid({ port: 0, dataFolder: folder, timeScale: 0.001 });
  expect(await whenIdle(second.url)).toMatchObject({ publishedEvents: 1, deadLettered: 1 });
  const counts = receiver.deliveries.map(({ headers }) => headers['aeg-delivery-count']);
  // An attempt that is under way when the grid closes is made again.
  expect([...new Set(counts)]).toEqual(['0', '1', '2', '3']);
  await second.close();
});

test('a taken port ends the process with one sentence that names port and remedy', async () => {
  const first = await startEventGrid({ port: 0 });
  const port = new URL(first.url).port;
  await expect(startChild('--port', port)).rejects.toThrow(new RegExp(`Port ${port}.*--port`));
  await first.close();
});

test('a dead letter becomes a blob under the subscription, the hour and a new name', async () => {
  const storage = newStorageAccount();
  const grid = await startEventGrid({ port: 0, storageConnection: storage.connectionString });
  const deadLetterDestination = {
    endpointType: 'StorageBlob',
    properties: { blobContainerName: 'dead-letters' },
  };
  await subscribe(grid.url, receiver.url, { batch: 5, properties: { deadLetterDestination } });
  receiver.answer = () => 400;
  await publish(grid.url, [fhirEvent('1'), fhirEvent('2')]);
  await whenIdle(grid.url);
  const container = BlobServiceClient.fromConnectionString(
    storage.connectionString,
  ).getContainerClient('dead-letters');
  const names: string[] = [];
  for await (const blob of container.listBlobsFlat()) names.push(blob.name);
  expect(names).toEqual([
    expect.stringMatching(/^SYNC\/\d{4}\/\d{1,2}\/\d{1,2}\/\d{1,2}\/[0-9a-f-]{36}\.json$/),
  ]);
  const content = await container.getBlobClient(names[0]!).downloadToBuffer();
  expect(JSON.parse(content.toString())).toEqual([
    expect.objectContaining({ id: '1', deadLetterReason: 'UndeliverableDueToHttpBadRequest' }),
    expect.objectContaining({ id: '2', deliveryAttempts: 1 }),
  ]);
  const listed = await (await fetch(`${grid.url}/_control/dead-letters`)).json();
  expect(JSON.stringify(listed)).toContain(names[0]);
  await grid.close();
});

test('an API call is counted under its user agent product, a control call is not', async () => {
  const grid = await startEventGrid({ port: 0 });
  const headers = { 'user-agent': 'fhir-dataverse-sync/1.2' };
  await fetch(`${grid.url}/topics/fhir/subscriptions`, { headers });
  await fetch(`${grid.url}/_control/status`, { headers });
  expect((await statusOf(grid.url)).calls).toEqual({ 'fhir-dataverse-sync': 1 });
  await grid.close();
});

test('B2: a dead letter becomes a blob only after the lag; a stop ends the lag', async () => {
  const storage = newStorageAccount();
  const storageConnection = storage.connectionString;
  const grid = await startEventGrid({ port: 0, storageConnection, deadLetterLagMinutes: 5 });
  const deadLetterDestination = {
    endpointType: 'StorageBlob',
    properties: { blobContainerName: 'late-letters' },
  };
  await subscribe(grid.url, receiver.url, { properties: { deadLetterDestination } });
  receiver.answer = () => 400;
  await publish(grid.url, [fhirEvent('1')]);
  const letters = async () =>
    (await (await fetch(`${grid.url}/_control/dead-letters`)).json()) as {
      value: { blob: string | null }[];
    };
  while ((await letters()).value.length === 0) await new Promise((go) => setTimeout(go, 10));
  expect((await letters()).value).toMatchObject([{ blob: null }]);
  const status = await (await fetch(`${grid.url}/_control/status`)).json();
  expect(status).toMatchObject({ idle: false, deadLettered: 1 });
  await grid.close();
  const container =
    BlobServiceClient.fromConnectionString(storageConnection).getContainerClient('late-letters');
  const names: string[] = [];
  for await (const blob of container.listBlobsFlat()) names.push(blob.name);
  expect(names).toHaveLength(1);
});
