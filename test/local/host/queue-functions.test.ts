import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStorageAccount } from '../../support/storage-account.ts';
import { eventually, fixture, type HostProcess, startApp } from './host-process.ts';

const storage = newStorageAccount();
let host: HostProcess;
beforeAll(async () => {
  host = await startApp(fixture('queue-app'), [], {
    FixtureStorage: storage.connectionString,
    SUFFIX: 'items',
  });
});
afterAll(async () => {
  await host?.kill();
});

const queueNamed = (name: string) =>
  QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient(name);

async function send(text: string): Promise<void> {
  const queue = queueNamed('work-items');
  await queue.createIfNotExists();
  await queue.sendMessage(text);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Seen {
  readonly input: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const seen = async (input: unknown): Promise<readonly Seen[]> => {
  const all = (await (await fetch(`${host.url}/api/seen`)).json()) as readonly Seen[];
  return all.filter((each) => JSON.stringify(each.input) === JSON.stringify(input));
};

const waitFor = (input: unknown, times = 1): Promise<readonly Seen[]> =>
  eventually(async () => {
    const found = await seen(input);
    return found.length >= times && found;
  });

const poisoned = (): Promise<readonly string[]> =>
  eventually(async () => {
    const answer = await queueNamed('work-items-poison')
      .receiveMessages()
      .catch(() => undefined);
    const texts = answer?.receivedMessageItems.map(({ messageText }) => messageText) ?? [];
    return texts.length > 0 && texts;
  });

const idle = (): Promise<true> =>
  eventually(async () => {
    const status = (await (await fetch(`${host.url}/_control/status`)).json()) as { idle: boolean };
    const { approximateMessagesCount } = await queueNamed('work-items').getProperties();
    return status.idle && approximateMessagesCount === 0 && (true as const);
  });

describe('a queue function', () => {
  it('gets text and JSON from Base64, with the metadata of the message, and the message is gone', async () => {
    await send(base64('{"id":7,"name":"x"}'));
    const [first] = await waitFor({ id: 7, name: 'x' });
    expect(first?.metadata).toMatchObject({
      dequeueCount: 1,
      id: expect.any(String),
      name: 'x',
      queueTrigger: { id: 7, name: 'x' },
      insertionTime: expect.stringMatching(/Z$/),
    });
    await send(base64('plain text'));
    await waitFor('plain text');
    await idle();
  });

  it('works through many messages, each exactly once', async () => {
    const texts = Array.from({ length: 60 }, (_, index) => `many-${index}`);
    await Promise.all(texts.map((text) => send(base64(text))));
    for (const text of texts) await waitFor(text);
    await idle();
    for (const text of texts) expect(await seen(text)).toHaveLength(1);
  });

  it('that keeps failing is tried maxDequeueCount times, then the message is in the poison queue', async () => {
    await send(base64('poison'));
    expect(await poisoned()).toEqual([base64('poison')]);
    const attempts = await seen('poison');
    expect(attempts.map(({ metadata }) => metadata['dequeueCount'])).toEqual([1, 2]);
    await idle();
  });

  it('never sees what is not Base64: that is poison at once', async () => {
    await send('{not base64}');
    expect(await poisoned()).toContain('{not base64}');
    expect(await seen('{not base64}')).toEqual([]);
    expect(host.log()).toContain('is not Base64');
  });
});
