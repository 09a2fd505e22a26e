import type { Random } from '../seed/random.ts';
import { DueHeap } from './due-heap.ts';
import type { PendingDelivery } from './store.ts';

export interface BatchLimits {
  readonly events: number;
  readonly bytes: number;
}

/** Deliveries of one subscription: those that may go now, in order, and those that wait for their retry. */
export class DeliveryQueue {
  #ready: PendingDelivery[] = [];
  #head = 0;
  #readyBytes = 0;
  readonly #waiting = new DueHeap<PendingDelivery>();

  get ready(): number {
    return this.#ready.length - this.#head;
  }

  get readyBytes(): number {
    return this.#readyBytes;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** When the next waiting delivery is due, in milliseconds since 1970. */
  get nextDueAt(): number | undefined {
    return this.#waiting.first?.dueAt;
  }

  addReady(deliveries: readonly PendingDelivery[]): void {
    for (const delivery of deliveries) {
      this.#ready.push(delivery);
      this.#readyBytes += delivery.bytes;
    }
  }

  addWaiting(deliveries: readonly PendingDelivery[]): void {
    for (const delivery of deliveries) this.#waiting.push(delivery);
  }

  /** Takes out those of these that wait for their retry. */
  withdraw(sequences: ReadonlySet<number>): readonly PendingDelivery[] {
    const waiting: PendingDelivery[] = [];
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      waiting.push(next);
    }
    const [taken, kept] = [true, false].map((isTaken) =>
      waiting.filter(({ sequence }) => sequences.has(sequence) === isTaken),
    );
    this.addWaiting(kept ?? []);
    return taken ?? [];
  }

  /** Moves what is due by `now` to the ready ones. */
  release(now: number): void {
    let next = this.#waiting.first;
    while (next !== undefined && next.dueAt <= now) {
      this.#waiting.pop();
      this.addReady([next]);
      next = this.#waiting.first;
    }
  }

  /**
   * The next request's events: at least one, within the limits, and all with the
   * same number of attempts, because `aeg-delivery-count` is one header per request.
   */
  takeBatch(limits: BatchLimits): readonly PendingDelivery[] {
    const batch: PendingDelivery[] = [];
    let bytes = 0;
    for (;;) {
      const next = this.#ready[this.#head];
      if (next === undefined || batch.length >= limits.events) break;
      const first = batch[0];
      if (first !== undefined && first.attempts !== next.attempts) break;
      if (first !== undefined && bytes + next.bytes > limits.bytes) break;
      batch.push(next);
      bytes += next.bytes;
      this.#head += 1;
    }
    this.#readyBytes -= bytes;
    this.#dropTaken();
    return batch;
  }

  /** Fisher-Yates over everything that is ready. */
  shuffle(random: Random): void {
    const ready = this.#ready.slice(this.#head);
    for (let index = ready.length - 1; index > 0; index -= 1) {
      const other = random.whole(0, index);
      const [a, b] = [ready[index], ready[other]];
      if (a === undefined || b === undefined) continue;
      ready[index] = b;
      ready[other] = a;
    }
    this.#ready = ready;
    this.#head = 0;
  }

  #dropTaken(): void {
    if (this.#head < 1_024 || this.#head * 2 < this.#ready.length) return;
    this.#ready = this.#ready.slice(this.#head);
    this.#head = 0;
  }
}
