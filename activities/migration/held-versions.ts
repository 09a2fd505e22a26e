import type { VersionKey } from '../../shared/migration/index.ts';

/** A version as it came, and where it is now to be. */
export interface HeldVersion {
  readonly version: number;
  readonly at: number;
  readonly pinned: boolean;
  readonly index: number;
}

/**
 * The versions of one pass, in columns, 41 bytes each: those of one resource are chained, and
 * found by a table of open addresses. Objects would take several times as much.
 */
export class HeldVersions {
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #version: Uint32Array;
  readonly #chunk: Uint32Array;
  readonly #original: Float64Array;
  readonly #at: Float64Array;
  readonly #pinned: Uint8Array;
  readonly #next: Int32Array;
  readonly #heads: Int32Array;
  readonly #chained: number[] = [];
  readonly #shifted: number[] = [];
  #count = 0;

  /** @param room versions that are added at most */
  constructor(room: number) {
    this.#high = new Uint32Array(room);
    this.#low = new Uint32Array(room);
    this.#version = new Uint32Array(room);
    this.#chunk = new Uint32Array(room);
    this.#original = new Float64Array(room);
    this.#at = new Float64Array(room);
    this.#pinned = new Uint8Array(room);
    this.#next = new Int32Array(room).fill(-1);
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(2 * room + 2))).fill(-1);
  }

  /** @param at where it is now to be, when that is not where it came from */
  add(key: VersionKey, chunk: number, at: number): void {
    const index = this.#count;
    this.#count += 1;
    this.#high[index] = key.high;
    this.#low[index] = key.low;
    this.#version[index] = key.version;
    this.#chunk[index] = chunk;
    this.#original[index] = key.at;
    this.#at[index] = at;
    this.#pinned[index] = key.pinned ? 1 : 0;
    if (at !== key.at) this.#shifted.push(index);
    const slot = this.#slotOf(key);
    const head = this.#heads[slot] ?? -1;
    if (head >= 0 && this.#next[head] === -1) this.#chained.push(slot);
    this.#next[index] = head;
    this.#heads[slot] = index;
  }

  /** The versions of each resource that has several. */
  *resources(): Generator<readonly HeldVersion[]> {
    for (const slot of this.#chained) {
      const versions: HeldVersion[] = [];
      for (let at = this.#heads[slot] ?? -1; at >= 0; at = this.#next[at] ?? -1) {
        versions.push({
          version: this.#version[at] ?? 0,
          at: this.#at[at] ?? 0,
          pinned: this.#pinned[at] === 1,
          index: at,
        });
      }
      yield versions;
    }
  }

  move(index: number, at: number): void {
    if (this.#at[index] === this.#original[index]) this.#shifted.push(index);
    this.#at[index] = at;
  }

  /** Versions that do not stay where they came from, with their chunks. */
  *moved() {
    for (const index of this.#shifted) {
      const at = this.#at[index] ?? 0;
      if (at === this.#original[index]) continue;
      yield {
        high: this.#high[index] ?? 0,
        low: this.#low[index] ?? 0,
        version: this.#version[index] ?? 0,
        chunk: this.#chunk[index] ?? 0,
        at,
      };
    }
  }

  #slotOf({ high, low }: VersionKey): number {
    const mask = this.#heads.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const head = this.#heads[slot] ?? -1;
      if (head < 0 || (this.#high[head] === high && this.#low[head] === low)) return slot;
    }
  }
}
