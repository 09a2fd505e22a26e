import type { Delivery, DeliveryQueue } from './delivery-queue.ts';
import type { StepRegistry } from './step-registry.ts';
import { type WebhookResult, type WebhookSender, webhookContract } from './webhook-sender.ts';

/** Deliveries under way at once. */
const lanes = 16;

/** Posts what the queue holds, in the background; what a kill interrupts is posted again. */
export class DeliveryRunner {
  readonly #queue: DeliveryQueue;
  readonly #steps: StepRegistry;
  readonly #sender: WebhookSender;
  readonly #running = new Set<Promise<void>>();
  /** Everything up to here was taken up by this process. */
  #taken = 0;
  #isClosed = false;

  constructor(queue: DeliveryQueue, steps: StepRegistry, sender: WebhookSender) {
    this.#queue = queue;
    this.#steps = steps;
    this.#sender = sender;
  }

  /** Call after a commit that may have added deliveries, and at the start. */
  kick(): void {
    const free = lanes - this.#running.size;
    if (this.#isClosed || free <= 0) {
      return;
    }
    for (const delivery of this.#queue.after(this.#taken, free)) {
      this.#taken = delivery.sequence;
      const work = this.#deliver(delivery).finally(() => {
        this.#running.delete(work);
        this.kick();
      });
      this.#running.add(work);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sender.stop();
    await Promise.allSettled(this.#running);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const step = this.#steps.byId(delivery.step);
    try {
      const result = await this.#send(delivery);
      if (!this.#isClosed) {
        this.#queue.finish(delivery, result, step?.forgetsSuccess ?? false);
      }
    } catch (error) {
      // Closing interrupts what is under way: it stays in the queue for the next start.
      if (!this.#isClosed) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  async #send(delivery: Delivery): Promise<WebhookResult> {
    const { headers, body } = delivery;
    const endpoint = this.#steps.byId(delivery.step)?.endpoint;
    if (endpoint === undefined || endpoint.contract !== webhookContract) {
      const message = 'The step or its webhook is gone; the stand-in delivers to contract 8 only.';
      return { kind: 'failed', attempts: 1, code: '0x80050205', message };
    }
    return this.#sender.send({ endpoint, headers, body });
  }
}
