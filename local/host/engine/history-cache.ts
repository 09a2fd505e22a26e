import type { HistoryEvent } from './history.ts';
import type { InstanceRecord } from './records.ts';
import type { Store } from './store.ts';

/** An instance with the history of its generation, as after its last commit. */
export interface LoadedInstance {
  readonly record: InstanceRecord;
  readonly history: readonly HistoryEvent[];
}

/** Keeps the instances that ran last, so that an episode reads SQLite only after a restart. */
export class HistoryCache {
  readonly #store: Store;
  readonly #entries = new Map<string, LoadedInstance>();
  readonly #limit: number;
  #events = 0;

  /** `limit` is a number of events over all instances. */
  constructor(store: Store, limit = 200_000) {
    this.#store = store;
    this.#limit = limit;
  }

  load(id: string): LoadedInstance | undefined {
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    const record = this.#store.instance(id);
    if (record === undefined) return undefined;
    const history = this.#store.history(record.row);
    return { record, history };
  }

  /** Length of a cached history, 0 for others. */
  length(id: string): number {
    return this.#entries.get(id)?.history.length ?? 0;
  }

  put(entry: LoadedInstance): void {
    this.drop(entry.record.id);
    this.#entries.set(entry.record.id, entry);
    this.#events += entry.history.length;
    for (const [id] of this.#entries) {
      if (this.#events <= this.#limit) return;
      this.drop(id);
    }
  }

  drop(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#events -= entry.history.length;
  }
}
