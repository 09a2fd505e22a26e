import { Settlement } from './settlement.ts';

export type LeafKind = 'activity' | 'child' | 'timer' | 'send';

/** What must leave the engine once the episode that scheduled a task is committed. */
export type Effect =
  | {
      readonly kind: 'activity';
      readonly id: number;
      readonly name: string;
      readonly input: string | null;
    }
  | {
      readonly kind: 'child';
      readonly id: number;
      readonly name: string;
      readonly instanceId: string | undefined;
      readonly input: string | null;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAt: number }
  | {
      readonly kind: 'send';
      readonly id: number;
      readonly target: string;
      readonly name: 'op' | 'release';
      readonly message: Readonly<Record<string, unknown>>;
      /** Not delivered before, milliseconds since 1970. */
      readonly due?: number;
    };

/** A task that owns a number of the orchestration's single sequence. */
export interface Leaf {
  readonly kind: LeafKind;
  readonly id: number;
  readonly name: string;
  readonly effect: Effect;
  readonly settlement: Settlement;
  /** Called with the request id once it is known: from the history, or when the message is first written. */
  readonly onRequestId?: (requestId: string) => void;
}

type NewLeaf = Omit<Leaf, 'id' | 'settlement' | 'effect'> & {
  readonly effect: (id: number) => Effect;
};

/** Numbers, open tasks and event waits of one replay. */
export class ReplayBook {
  now = 0;
  nextId = 0;
  /** Unsettled retries, long timers and polls: each may take more numbers. */
  numberTakers = 0;
  /** Numbers that the SDK has taken ahead for the next poll of a callHttp. */
  reserved = 0;
  /** Set when another task took a number that the SDK had reserved: the two count differently from here on. */
  tookReserved = false;
  /** Set when an event met a waiter that spells its name differently: the SDK did not take it. */
  metOtherSpelling = false;
  /** Request ids and targets of the critical section now held. */
  lock: { readonly entities: readonly string[]; requestId: string | undefined } | undefined;
  /** Tasks that keep an instance from finishing: activities, children, timers. */
  readonly open = new Map<number, Leaf>();
  /** Scheduled by this replay, not yet found in the history. Insertion order is number order. */
  readonly unconfirmed = new Map<number, Leaf>();
  readonly #waiters = new Map<string, { readonly spelling: string; readonly wait: Settlement }[]>();
  readonly #buffered = new Map<string, string[]>();
  readonly #answers = new Map<string, Settlement>();
  readonly #lastSent = new Map<string, number>();

  schedule(leaf: NewLeaf): Leaf {
    if (this.reserved > 0) this.tookReserved = true;
    const id = this.nextId++;
    const entry: Leaf = { ...leaf, id, effect: leaf.effect(id), settlement: new Settlement() };
    this.unconfirmed.set(id, entry);
    if (leaf.kind !== 'send') {
      this.open.set(id, entry);
      entry.settlement.whenSettled(() => this.open.delete(id));
    }
    return entry;
  }

  /** Several waiters of one name: the newest is served first, as the extension's stack does. */
  waitForEvent(spelling: string): Settlement {
    const wait = new Settlement();
    const key = spelling.toLowerCase();
    const early = this.#buffered.get(key);
    const first = early?.shift();
    if (first !== undefined) {
      if (first !== spelling) this.metOtherSpelling = true;
      wait.settle('succeeded');
      return wait;
    }
    const stack = this.#waiters.get(key);
    if (stack === undefined) this.#waiters.set(key, [{ spelling, wait }]);
    else stack.push({ spelling, wait });
    return wait;
  }

  /** Times that order the messages to one entity: this one's, later than the one before, and that one's. */
  stampFor(target: string): { readonly at: string; readonly before: string | undefined } {
    const last = this.#lastSent.get(target);
    const at = Math.max(this.now, (last ?? 0) + 1);
    this.#lastSent.set(target, at);
    const before = last === undefined ? undefined : new Date(last).toISOString();
    return { at: new Date(at).toISOString(), before };
  }

  expectAnswer(requestId: string, settlement: Settlement): void {
    this.#answers.set(requestId, settlement);
  }

  raise(spelling: string): void {
    const answer = this.#answers.get(spelling);
    if (answer !== undefined) {
      answer.settle('succeeded');
      return;
    }
    const key = spelling.toLowerCase();
    const waiter = this.#waiters.get(key)?.pop();
    if (waiter === undefined) {
      const queue = this.#buffered.get(key);
      if (queue === undefined) this.#buffered.set(key, [spelling]);
      else queue.push(spelling);
      return;
    }
    if (waiter.spelling !== spelling) this.metOtherSpelling = true;
    waiter.wait.settle('succeeded');
  }

  hasWaiter(name: string): boolean {
    return (this.#waiters.get(name.toLowerCase())?.length ?? 0) > 0;
  }

  get waitsForSomething(): boolean {
    if (this.open.size > 0) return true;
    for (const answer of this.#answers.values()) if (answer.outcome === undefined) return true;
    for (const stack of this.#waiters.values()) if (stack.length > 0) return true;
    for (const leaf of this.unconfirmed.values()) {
      if (leaf.onRequestId !== undefined && leaf.settlement.outcome === undefined) return true;
    }
    return false;
  }
}
