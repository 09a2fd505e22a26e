import type { Row } from './row.ts';

const generation = 20_000;

/**
 * Rows as they were before their last write, for reads that see the past; in
 * memory only. Images live in two generations, of which the older goes as a
 * whole: looking for the oldest of one map costs more with every deletion.
 */
export class RecentImages {
  #recent = new Map<string, Row | undefined>();
  #older: ReadonlyMap<string, Row | undefined> = new Map();

  /** Undefined: the row was not there. */
  put(id: string, before: Row | undefined): void {
    if (this.#recent.size >= generation) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, before);
  }

  /** The row as it was, or undefined when it was not there yet; the row itself when nothing is known. */
  before(row: Row): Row | undefined {
    if (this.#recent.has(row.id)) {
      return this.#recent.get(row.id);
    }
    return this.#older.has(row.id) ? this.#older.get(row.id) : row;
  }
}
