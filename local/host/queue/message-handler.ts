import type { DequeuedMessageItem } from '@azure/storage-queue';
import type { AppFunction } from '../app/function-catalog.ts';
import { messageOf } from '../host-error.ts';
import type { QueuePair } from './queue-clients.ts';
import type { QueueListenerOptions } from './queue-listener.ts';
import { decodeMessage, queueMetadata } from './queue-message.ts';

// Messages stay hidden this long and are renewed at half of it, as by the Functions host.
export const visibilitySeconds = 600;

/** Takes one message from its queue to its ending: deleted, visible again, or in the poison queue. */
export class MessageHandler {
  readonly #target: AppFunction;
  readonly #queues: QueuePair;
  readonly #options: QueueListenerOptions;
  #running = 0;

  constructor(target: AppFunction, queues: QueuePair, options: QueueListenerOptions) {
    this.#target = target;
    this.#queues = queues;
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  /** Never rejects: what storage refuses is logged, and the message comes back by itself. */
  async handle(message: DequeuedMessageItem): Promise<void> {
    this.#running += 1;
    try {
      await this.#process(message);
    } catch (problem) {
      this.#warn(
        `message ${message.messageId} could not be settled and will come back: ${messageOf(problem)}`,
      );
    } finally {
      this.#running -= 1;
    }
  }

  async #process(message: DequeuedMessageItem): Promise<void> {
    const { settings, invoker } = this.#options;
    const body = decodeMessage(message.messageText, settings.base64);
    if (body === undefined) {
      this.#warn(
        `message ${message.messageId} is not Base64: set extensions.queues.messageEncoding in host.json, or send Base64`,
      );
      return this.#toPoison(message);
    }
    // A process that died each time leaves no failure behind, only the count.
    if (message.dequeueCount > settings.maxDequeueCount) return this.#toPoison(message);
    const lease = new Lease(message, this.#queues);
    try {
      await invoker.invoke({
        target: this.#target,
        data: { string: body },
        triggerMetadata: queueMetadata(message, body),
      });
      await this.#queues.queue.deleteMessage(message.messageId, await lease.end());
    } catch {
      const popReceipt = await lease.end();
      if (message.dequeueCount >= settings.maxDequeueCount) {
        await this.#toPoison({ ...message, popReceipt });
      } else {
        const seconds = Math.ceil(settings.visibilityTimeout / 1_000);
        await this.#queues.queue.updateMessage(message.messageId, popReceipt, undefined, seconds);
      }
    }
  }

  /** Copied before it is deleted: a crash between the two leaves two messages, never none. */
  async #toPoison(message: DequeuedMessageItem): Promise<void> {
    const { queue, poison } = this.#queues;
    await poison.createIfNotExists();
    await poison.sendMessage(message.messageText, { messageTimeToLive: -1 });
    await queue.deleteMessage(message.messageId, message.popReceipt);
    this.#warn(
      `message ${message.messageId} went to ${poison.name} after ${message.dequeueCount} attempts`,
    );
  }

  #warn(message: string): void {
    this.#options.log.write({ level: 'warning', source: this.#target.name, message });
  }
}

/** Keeps a message hidden while its function runs; every renewal changes the receipt. */
class Lease {
  readonly #timer: NodeJS.Timeout;
  #receipt: Promise<string>;

  constructor(message: DequeuedMessageItem, { queue }: QueuePair) {
    this.#receipt = Promise.resolve(message.popReceipt);
    this.#timer = setInterval(() => {
      this.#receipt = this.#receipt.then(async (receipt) => {
        const renewed = await queue
          .updateMessage(message.messageId, receipt, undefined, visibilitySeconds)
          .catch(() => undefined);
        return renewed?.popReceipt ?? receipt;
      });
    }, visibilitySeconds * 500);
  }

  /** @returns the receipt that is valid now */
  end(): Promise<string> {
    clearInterval(this.#timer);
    return this.#receipt;
  }
}
