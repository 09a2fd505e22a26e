import type { Clock } from './clock.ts';
import type { Message } from './records.ts';

/** Messages that become visible later, in a binary heap by due time; one clock callback for the earliest. */
export class TimerQueue {
  readonly #clock: Clock;
  readonly #deliver: (message: Message) => void;
  readonly #heap: { readonly at: number; readonly message: Message }[] = [];
  #armed: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, deliver: (message: Message) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  add(message: Message, at: number): void {
    this.#heap.push({ at, message });
    this.#up(this.#heap.length - 1);
    this.#arm();
  }

  stop(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#armed !== undefined && this.#armed.at <= first.at)) return;
    this.#armed?.cancel();
    this.#armed = { at: first.at, cancel: this.#clock.schedule(first.at, () => this.#fire()) };
  }

  #fire(): void {
    this.#armed = undefined;
    const now = this.#clock.now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      this.#deliver(first.message);
    }
    this.#arm();
  }

  #before(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.message.id < b.message.id);
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }

  #up(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (this.#before(left, least)) least = left;
      if (this.#before(right, least)) least = right;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
