import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { expect, test, vi } from 'vitest';
import { startStorage } from '../../../local/storage/index.ts';

// Azurite needs seconds to start, and many of them on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const freePorts = { blobPort: 0, queuePort: 0, tablePort: 0 };

test('blobs, queues and tables answer the real clients, and state outlives a restart', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'storage-'));
  try {
    const first = await startStorage({ ...freePorts, dataFolder });
    const blobs = BlobServiceClient.fromConnectionString(first.connectionString);
    await blobs.getContainerClient('kept').create();
    await blobs.getContainerClient('kept').getBlockBlobClient('note').upload('still here', 10);
    const queues = QueueServiceClient.fromConnectionString(first.connectionString);
    await queues.createQueue('work');
    await queues.getQueueClient('work').sendMessage('one');
    const table = TableClient.fromConnectionString(first.connectionString, 'ledger', {
      allowInsecureConnection: true,
    });
    await table.createTable();
    await table.createEntity({ partitionKey: 'a', rowKey: 'b' });
    await first.close();

    const second = await startStorage({ ...freePorts, dataFolder });
    const again = BlobServiceClient.fromConnectionString(second.connectionString);
    const blob = await again
      .getContainerClient('kept')
      .getBlockBlobClient('note')
      .downloadToBuffer();
    expect(blob.toString()).toBe('still here');
    const received = await QueueServiceClient.fromConnectionString(second.connectionString)
      .getQueueClient('work')
      .receiveMessages();
    expect(received.receivedMessageItems.map((item) => item.messageText)).toEqual(['one']);
    await second.close();
    expect(readFileSync(join(dataFolder, 'azurite.log'), 'utf8')).toContain('Table service');
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

test('a free port is none that a connection may take before Azurite does', async () => {
  const storage = await startStorage(freePorts);
  try {
    const ports = [...storage.connectionString.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) =>
      Number(port),
    );
    expect(new Set(ports).size).toBe(3);
    for (const port of ports) expect(port).toBeLessThan(32_768);
  } finally {
    await storage.close();
  }
});

test('a taken port is named together with the remedy', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await expect(startStorage({ ...freePorts, queuePort: port })).rejects.toThrow(
    new RegExp(`Port ${port} for the queue service is taken.*--queue-port`, 's'),
  );
  blocker.close();
});

test('when the parent is killed, storage ends too', async () => {
  const parent = fork(join(import.meta.dirname, 'parent.ts'), { execArgv: [] });
  const url = await new Promise<string>((resolve) => {
    parent.once('message', (message) => resolve(String(message)));
  });
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  expect(await answers()).toBe(true);
  parent.kill('SIGKILL');
  while (await answers()) await new Promise((resolve) => setTimeout(resolve, 50));
});
