import { ReferenceHash } from './reference-hash.ts';

const seenIn = { source: 1, target: 2 } as const;
export type Side = keyof typeof seenIn;

const firstCapacity = 1 << 14;
const fullAt = 0.6;
/** Bytes per id at the worst moment: while the table doubles, the old one is still there. */
export const bytesPerId = 45;

/**
 * Which of the two services has which `Type/id`: an open table of 64-bit hashes, without the
 * texts. With n ids, a reference that dangles goes unnoticed with probability n / 2^64
 * (one in 180,000 million for 100 million ids).
 */
export class ReferenceSet {
  readonly #part: number;
  readonly #parts: number;
  #high = new Uint32Array(firstCapacity);
  #low = new Uint32Array(firstCapacity);
  #sides = new Uint8Array(firstCapacity);
  #size = 0;
  /** Of the text that was looked at last. */
  readonly #hash = new ReferenceHash();

  /** Keeps the part of all references whose hash says so; the others are not its business. */
  constructor(part: number, parts: number) {
    this.#part = part;
    this.#parts = parts;
  }

  /** True when a reference belongs to this part. */
  owns(reference: string): boolean {
    this.#hash.of(reference);
    return this.#parts === 1 || this.#hash.high % this.#parts === this.#part;
  }

  add(side: Side, reference: string): void {
    if (!this.owns(reference)) return;
    if (this.#size > this.#sides.length * fullAt) this.#grow();
    this.#put(this.#hash.high, this.#hash.low, seenIn[side]);
  }

  has(side: Side, reference: string): boolean {
    this.#hash.of(reference);
    const slot = this.#slot(this.#hash.high, this.#hash.low);
    return ((this.#sides[slot] ?? 0) & seenIn[side]) !== 0;
  }

  #put(high: number, low: number, sides: number): void {
    const slot = this.#slot(high, low);
    if (this.#sides[slot] === 0) this.#size += 1;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#sides[slot] = (this.#sides[slot] ?? 0) | sides;
  }

  /** Where a hash is, or would be put. */
  #slot(high: number, low: number): number {
    const mask = this.#sides.length - 1;
    let slot = low & mask;
    while (this.#sides[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const old = { high: this.#high, low: this.#low, sides: this.#sides };
    this.#high = new Uint32Array(old.high.length * 2);
    this.#low = new Uint32Array(old.low.length * 2);
    this.#sides = new Uint8Array(old.sides.length * 2);
    this.#size = 0;
    for (const [slot, sides] of old.sides.entries()) {
      if (sides !== 0) this.#put(old.high[slot] ?? 0, old.low[slot] ?? 0, sides);
    }
  }
}
