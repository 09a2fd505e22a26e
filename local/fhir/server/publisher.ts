import { setTimeout as delay } from 'node:timers/promises';
import type { Outbox } from '../store/outbox.ts';

const batchSize = 500;
const firstWait = 50;
const longestWait = 5000;

/**
 * Posts waiting events to the Event Grid topic in commit order and removes them
 * once accepted. A crash between the two sends them again: at least once.
 */
export function createPublisher(
  outbox: Outbox,
  topic: { readonly url: string; readonly key: string },
) {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let woken = false;

  async function drain(): Promise<void> {
    let wait = firstWait;
    while (!stopping.signal.aborted) {
      const entries = outbox.oldest(batchSize);
      const last = entries.at(-1);
      if (last === undefined) return;
      if (await post(`[${entries.map(({ event }) => event).join(',')}]`)) {
        outbox.removeThrough(last.number);
        wait = firstWait;
      } else {
        await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
        wait = Math.min(wait * 2, longestWait);
      }
    }
  }

  async function post(body: string): Promise<boolean> {
    try {
      const response = await fetch(topic.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'local-fhir/1',
          'aeg-sas-key': topic.key,
        },
        body,
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(30_000)]),
      });
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  async function run(): Promise<void> {
    while (woken && !stopping.signal.aborted) {
      woken = false;
      await drain();
    }
    running = undefined;
  }

  return {
    /** Says that events may be waiting; cheap, called after every request. */
    wake(): void {
      woken = true;
      running ??= run();
    },
    async close(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}

export type Publisher = ReturnType<typeof createPublisher>;
