import { ReferenceHash } from './reference-hash.ts';

/** What tells versions of one resource apart and puts them in order. */
export interface VersionOrder {
  /** Milliseconds since 1970; 0 where the server keeps none. */
  readonly at: number;
  /** 0 where it is no number. */
  readonly version: number;
}

/** Which version of each resource is its newest one. */
export interface CurrentVersions {
  /** @param reference `Type/id` */
  add(reference: string, order: VersionOrder): void;
  /** True for the newest one that was added. */
  isCurrent(reference: string, order: VersionOrder): boolean;
}

const firstCapacity = 1 << 12;
const fullAt = 0.6;

/**
 * An open table of 64-bit hashes without the texts: about 60 bytes for each resource at the worst
 * moment. Two resources are taken for one with probability n² / 2^65.
 */
export function createCurrentVersions(): CurrentVersions {
  return new VersionTable();
}

class VersionTable implements CurrentVersions {
  #high = new Uint32Array(firstCapacity);
  #low = new Uint32Array(firstCapacity);
  #at = new Float64Array(firstCapacity).fill(Number.NaN);
  #version = new Float64Array(firstCapacity);
  #size = 0;
  readonly #hash = new ReferenceHash();

  add(reference: string, { at, version }: VersionOrder): void {
    if (this.#size > this.#at.length * fullAt) this.#grow();
    this.#hash.of(reference);
    const slot = this.#slot(this.#hash.high, this.#hash.low);
    const known = this.#at[slot] ?? Number.NaN;
    if (Number.isNaN(known)) this.#size += 1;
    else if (known > at || (known === at && (this.#version[slot] ?? 0) >= version)) return;
    this.#put(slot, { high: this.#hash.high, low: this.#hash.low, at, version });
  }

  isCurrent(reference: string, { at, version }: VersionOrder): boolean {
    this.#hash.of(reference);
    const slot = this.#slot(this.#hash.high, this.#hash.low);
    return this.#at[slot] === at && this.#version[slot] === version;
  }

  #put(slot: number, row: VersionOrder & { readonly high: number; readonly low: number }): void {
    this.#high[slot] = row.high;
    this.#low[slot] = row.low;
    this.#at[slot] = row.at;
    this.#version[slot] = row.version;
  }

  /** Where a hash is, or would be put; an empty slot has no instant. */
  #slot(high: number, low: number): number {
    const mask = this.#at.length - 1;
    let slot = low & mask;
    while (
      !Number.isNaN(this.#at[slot] ?? Number.NaN) &&
      (this.#high[slot] !== high || this.#low[slot] !== low)
    ) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const old = { high: this.#high, low: this.#low, at: this.#at, version: this.#version };
    const capacity = old.at.length * 2;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#at = new Float64Array(capacity).fill(Number.NaN);
    this.#version = new Float64Array(capacity);
    for (let from = 0; from < old.at.length; from += 1) {
      const at = old.at[from] ?? Number.NaN;
      if (Number.isNaN(at)) continue;
      const high = old.high[from] ?? 0;
      const low = old.low[from] ?? 0;
      this.#put(this.#slot(high, low), { high, low, at, version: old.version[from] ?? 0 });
    }
  }
}
