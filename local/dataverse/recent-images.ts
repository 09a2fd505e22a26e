import type { Row } from './row.ts';

const kept = 20_000;

/** Rows as they were before their last write, for reads that see the past; in memory only. */
export class RecentImages {
  readonly #images = new Map<string, Row | undefined>();

  /** Undefined: the row was not there. */
  put(id: string, before: Row | undefined): void {
    this.#images.delete(id);
    this.#images.set(id, before);
    if (this.#images.size > kept) {
      const [oldest] = this.#images.keys();
      this.#images.delete(oldest ?? id);
    }
  }

  /** The row as it was, or undefined when it was not there yet; the row itself when nothing is known. */
  before(row: Row): Row | undefined {
    return this.#images.has(row.id) ? this.#images.get(row.id) : row;
  }
}
