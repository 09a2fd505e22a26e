import type { Message } from './records.ts';

interface Slot {
  inbox: Message[];
  owesEpisode: boolean;
  running: boolean;
  queued: boolean;
}

export interface MailroomOptions {
  /** Episodes that may run at one time. */
  readonly limit: number;
  /** Runs one episode over the batch. Never rejects. */
  readonly run: (instanceId: string, batch: readonly Message[]) => Promise<void>;
  /** Events that the next episode of an instance will replay. */
  readonly historyLength: (instanceId: string) => number;
}

const longHistory = 500;
const fanInBatch = 4;
/** History events that one replay gets through in a millisecond, roughly. */
const eventsPerMs = 20;

/** One slot per instance with mail: one episode at a time each, at most `limit` in all, oldest first. */
export class Mailroom {
  readonly #options: MailroomOptions;
  readonly #slots = new Map<string, Slot>();
  #ready: string[] = [];
  #running = 0;
  #resting = 0;
  #stopped = false;
  #onDrained: (() => void) | undefined;

  constructor(options: MailroomOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get idle(): boolean {
    return this.#running === 0 && this.#resting === 0 && this.#ready.length === 0;
  }

  deliver(message: Message): void {
    const slot = this.#slot(message.instanceId);
    slot.inbox.push(message);
    this.#enqueue(message.instanceId, slot);
  }

  /** Asks for an episode without mail: the first one of a new generation. */
  wake(instanceId: string): void {
    const slot = this.#slot(instanceId);
    slot.owesEpisode = true;
    this.#enqueue(instanceId, slot);
  }

  /** Takes no new batch; resolves when the running ones are over. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#ready = [];
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#tellDrained();
    });
  }

  #tellDrained(): void {
    if (this.#running === 0) this.#onDrained?.();
  }

  #slot(instanceId: string): Slot {
    const known = this.#slots.get(instanceId);
    if (known !== undefined) return known;
    const slot: Slot = { inbox: [], owesEpisode: false, running: false, queued: false };
    this.#slots.set(instanceId, slot);
    return slot;
  }

  #enqueue(instanceId: string, slot: Slot): void {
    if (slot.running || slot.queued || this.#stopped) return;
    slot.queued = true;
    this.#ready.push(instanceId);
    if (this.#running < this.#options.limit && this.#ready.length === 1)
      setImmediate(() => this.#pump());
  }

  #pump(): void {
    let taken = 0;
    while (!this.#stopped && this.#running < this.#options.limit && taken < this.#ready.length) {
      const id = this.#ready[taken++];
      const slot = id === undefined ? undefined : this.#slots.get(id);
      if (id !== undefined && slot !== undefined) void this.#run(id, slot);
    }
    this.#ready.splice(0, taken);
  }

  async #run(instanceId: string, slot: Slot): Promise<void> {
    const batch = slot.inbox;
    slot.inbox = [];
    slot.owesEpisode = false;
    slot.queued = false;
    slot.running = true;
    this.#running += 1;
    await this.#options.run(instanceId, batch);
    this.#running -= 1;
    const length = this.#options.historyLength(instanceId);
    const fanIn = batch.length >= fanInBatch && length >= longHistory;
    if (fanIn) this.#rest(instanceId, slot, length / eventsPerMs);
    else this.#free(instanceId, slot);
    this.#pump();
    this.#tellDrained();
  }

  /** A long history makes long episodes: letting mail gather about as long keeps a wide fan-in from being quadratic. */
  #rest(instanceId: string, slot: Slot, ms: number): void {
    this.#resting += 1;
    setTimeout(() => {
      this.#resting -= 1;
      this.#free(instanceId, slot);
    }, ms);
  }

  #free(instanceId: string, slot: Slot): void {
    slot.running = false;
    if (slot.inbox.length > 0 || slot.owesEpisode) this.#enqueue(instanceId, slot);
    else this.#slots.delete(instanceId);
  }
}
