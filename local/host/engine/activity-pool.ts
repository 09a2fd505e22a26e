import type { Work } from './records.ts';

export interface ActivityPoolOptions {
  /** host.json maxConcurrentActivityFunctions. */
  readonly limit: number;
  /** Runs one activity and records its ending. Never rejects. */
  readonly run: (work: Work) => Promise<void>;
}

/** Runs owed activities in the order in which they were scheduled, at most `limit` at one time. */
export class ActivityPool {
  readonly #options: ActivityPoolOptions;
  #queue: Work[] = [];
  #head = 0;
  #running = 0;
  #stopped = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ActivityPoolOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  add(work: Work): void {
    this.#queue.push(work);
    this.#pump();
  }

  /** Starts nothing more; resolves when the running ones are over. */
  stop(): Promise<void> {
    this.#stopped = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      this.#tellDrained();
    });
  }

  #tellDrained(): void {
    if (this.#running === 0) this.#onDrained?.();
  }

  #pump(): void {
    while (
      !this.#stopped &&
      this.#running < this.#options.limit &&
      this.#head < this.#queue.length
    ) {
      const work = this.#queue[this.#head++];
      if (this.#head > 1024) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (work !== undefined) void this.#run(work);
    }
  }

  async #run(work: Work): Promise<void> {
    this.#running += 1;
    await this.#options.run(work);
    this.#running -= 1;
    this.#pump();
    this.#tellDrained();
  }
}
