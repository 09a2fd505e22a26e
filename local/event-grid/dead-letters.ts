import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import type { Clock } from './clock.ts';
import type { DeadLetterReason } from './retry-schedule.ts';
import type { DeadLetterRecord, PendingDelivery, Store } from './store.ts';
import type { Subscription } from './subscription.ts';

export interface FailedDelivery {
  readonly delivery: PendingDelivery;
  readonly body: string;
  readonly reason: DeadLetterReason;
  readonly outcome: string;
}

export interface DeadLetters {
  /** Durable when it returns; the blob follows. */
  add(subscription: Subscription, failed: readonly FailedDelivery[]): void;
  /** Blobs still being written. */
  uploading(): number;
  /** Resolves when no blob is being written. */
  settled(): Promise<void>;
}

export interface DeadLetterParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly storageConnection: string | undefined;
  readonly lagMilliseconds: number;
}

/**
 * Dead letters stay in a table that the control address shows. With a storage
 * connection and a `deadLetterDestination` they are written as a blob too, after
 * the lag; what storage refuses stays in the table only. `settled` ends the lag.
 */
export function createDeadLetters({
  store,
  clock,
  storageConnection,
  lagMilliseconds,
}: DeadLetterParts): DeadLetters {
  const storage =
    storageConnection === undefined
      ? undefined
      : BlobServiceClient.fromConnectionString(storageConnection);
  const uploads = new Set<Promise<void>>();
  const closing = new AbortController();
  const lag = () =>
    sleep(lagMilliseconds, undefined, { signal: closing.signal }).catch(() => undefined);
  return {
    add(subscription, failed) {
      if (failed.length === 0) return;
      const records = failed.map((one) => deadLetterRecord(subscription, one, clock.now()));
      store.deadLetter(records);
      const container = subscription.properties.deadLetterDestination?.properties.blobContainerName;
      if (storage === undefined || container === undefined) return;
      const ready = lagMilliseconds === 0 ? Promise.resolve() : lag();
      const upload = ready
        .then(() => writeBlob(storage.getContainerClient(container), records, clock.now()))
        .then((blob) => store.markBlob(records, blob))
        .catch(() => undefined)
        .finally(() => uploads.delete(upload));
      uploads.add(upload);
    },
    uploading: () => uploads.size,
    settled: async () => {
      closing.abort();
      await Promise.all(uploads);
    },
  };
}

/** Property names are lower case in CloudEvents (facts dataverse-and-events B2). */
function deadLetterRecord(
  { topic, name, properties }: Subscription,
  { delivery, body, reason, outcome }: FailedDelivery,
  now: number,
): DeadLetterRecord {
  const lower = properties.eventDeliverySchema === 'CloudEventSchemaV1_0';
  const added = {
    deadLetterReason: reason,
    deliveryAttempts: delivery.attempts,
    lastDeliveryOutcome: outcome,
    publishTime: new Date(delivery.publishedAt).toISOString(),
    lastDeliveryAttemptTime: new Date(now).toISOString(),
  };
  const named = Object.entries(added).map(([key, value]) => [
    lower ? key.toLowerCase() : key,
    value,
  ]);
  const extra = JSON.stringify(Object.fromEntries(named));
  const document = `${body.slice(0, -1)},${extra.slice(1)}`;
  return { sequence: delivery.sequence, topic, subscription: name, document };
}

async function writeBlob(
  folder: ContainerClient,
  records: readonly DeadLetterRecord[],
  now: number,
): Promise<string> {
  await folder.createIfNotExists();
  const at = new Date(now);
  const time = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate(), at.getUTCHours()];
  const subscription = records[0]?.subscription.toUpperCase() ?? '';
  const name = `${subscription}/${time.join('/')}/${randomUUID()}.json`;
  const text = `[${records.map((record) => record.document).join(',')}]`;
  await folder.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
  return `${folder.containerName}/${name}`;
}
