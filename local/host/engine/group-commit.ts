import type { Store } from './store.ts';

interface Pending {
  readonly run: () => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Gathers the writes of one turn of the event loop into one transaction.
 * A write's promise resolves only after the commit, so whatever a caller does
 * afterwards is released after the commit.
 */
export class GroupCommit {
  readonly #store: Store;
  #pending: Pending[] = [];
  #scheduled = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get idle(): boolean {
    return this.#pending.length === 0;
  }

  write<T>(body: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: T;
      this.#pending.push({
        run: () => {
          result = body();
        },
        done: () => resolve(result),
        failed: reject,
      });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.flush());
    });
  }

  flush(): void {
    this.#scheduled = false;
    const group = this.#pending;
    this.#pending = [];
    if (group.length === 0) return;
    if (this.#attempt(group)) return;
    for (const one of group) this.#attempt([one], one.failed);
  }

  /** A group that fails is rolled back whole; its members are then tried alone. */
  #attempt(group: readonly Pending[], onError?: (error: unknown) => void): boolean {
    try {
      this.#store.transaction(() => {
        for (const one of group) one.run();
      });
    } catch (error) {
      onError?.(error);
      return false;
    }
    for (const one of group) one.done();
    return true;
  }
}
