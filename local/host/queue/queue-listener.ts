import { setTimeout as pause } from 'node:timers/promises';
import { type DequeuedMessageItem, RestError } from '@azure/storage-queue';
import type { AppFunction } from '../app/function-catalog.ts';
import { messageOf } from '../host-error.ts';
import type { HostLog } from '../invocation/host-log.ts';
import type { Invoker } from '../invocation/invoker.ts';
import type { QueueSettings } from '../settings/host-json.ts';
import { MessageHandler, visibilitySeconds } from './message-handler.ts';
import type { QueuePair } from './queue-clients.ts';

export interface QueueListenerOptions {
  readonly invoker: Invoker;
  readonly log: HostLog;
  readonly settings: QueueSettings;
}

export interface QueueListener {
  start(): void;
  /** True when the last look found the queue empty and nothing is being worked on. */
  idle(): boolean;
  /** Takes no more messages; those under work go on. */
  stop(): void;
}

/** Milliseconds after the first empty poll. */
const firstPause = 100;

/** Polls one queue, each empty poll waiting twice as long as the last (facts durable-host 2.3). */
export function createQueueListener(
  target: AppFunction,
  queues: QueuePair,
  options: QueueListenerOptions,
): QueueListener {
  const { log, settings } = options;
  const handler = new MessageHandler(target, queues, options);
  const room = new Gate();
  let empty = false;
  let stopped = false;
  let complained = false;

  async function listen(): Promise<void> {
    let pauseMilliseconds = firstPause;
    while (!stopped) {
      const received = await receive();
      const messages = received ?? [];
      // A queue that could not be read is not known to be empty.
      empty = received?.length === 0;
      for (const message of messages) void handler.handle(message).then(() => room.open());
      pauseMilliseconds = await restAfter(messages.length, pauseMilliseconds);
      while (!stopped && handler.running > settings.newBatchThreshold) await room.wait();
    }
  }

  /** Each look that finds nothing doubles the pause before the next one. */
  async function restAfter(found: number, milliseconds: number): Promise<number> {
    if (found > 0) return firstPause;
    await pause(milliseconds, undefined, { ref: false });
    return Math.min(milliseconds * 2, Math.max(settings.maxPollingInterval, firstPause));
  }

  async function receive(): Promise<readonly DequeuedMessageItem[] | undefined> {
    try {
      const answer = await queues.queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: visibilitySeconds,
      });
      complained = false;
      return answer.receivedMessageItems;
    } catch (problem) {
      if (problem instanceof RestError && problem.statusCode === 404) return [];
      complain(problem);
      return undefined;
    }
  }

  /** Said once, until the queue can be read again. */
  function complain(problem: unknown): void {
    if (complained || stopped) return;
    complained = true;
    const message = `queue "${queues.queue.name}" cannot be read, trying on: ${messageOf(problem)}`;
    log.write({ level: 'warning', source: target.name, message });
  }

  return {
    start: () => void listen(),
    idle: () => empty && handler.running === 0,
    stop() {
      stopped = true;
      room.open();
    },
  };
}

/** Lets a loop sleep until something has changed. */
class Gate {
  #wake: (() => void) | undefined;

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  open(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
