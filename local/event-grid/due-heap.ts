export interface Due {
  readonly dueAt: number;
  readonly sequence: number;
}

/**
 * What waits, the earliest due first and then in order of arrival: a binary
 * heap, because a webhook that is down gathers many.
 */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let at = this.#items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(item, this.#items[above])) break;
      this.#move(above, at);
      at = above;
    }
    this.#items[at] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const rightIsBefore = isBefore(this.#items[left + 1], this.#items[left]);
      const below = rightIsBefore ? left + 1 : left;
      if (!isBefore(this.#items[below], last)) break;
      this.#move(below, at);
      at = below;
    }
    this.#items[at] = last;
    return first;
  }

  #move(from: number, to: number): void {
    const item = this.#items[from];
    if (item !== undefined) this.#items[to] = item;
  }
}

/** A place beyond the end is before nothing. */
function isBefore(one: Due | undefined, other: Due | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.sequence < other.sequence);
}
