/**
 * What is remembered of every version of a window to find traps before the target meets them: 24
 * bytes each. A resource is its 64-bit hash: among ten million, two fall together about once in a
 * million windows, and then versions may be moved that need not be.
 */
export interface VersionKey {
  readonly high: number;
  readonly low: number;
  /** lastUpdated in milliseconds since 1970. */
  readonly at: number;
  readonly version: number;
  /** In the target already: not to be moved. */
  readonly pinned: boolean;
}

const words = 6;

/** Collects keys in a buffer that grows; NDJSON of the same would take five times as much. */
export class VersionKeyWriter {
  #words = new Uint32Array(words * 1024);
  #count = 0;

  add({ high, low, at, version, pinned }: VersionKey): void {
    this.#makeRoom(1);
    const place = this.#count * words;
    this.#words[place] = high;
    this.#words[place + 1] = low;
    this.#words[place + 2] = Math.floor(at / 2 ** 32);
    this.#words[place + 3] = at >>> 0;
    this.#words[place + 4] = version;
    this.#words[place + 5] = pinned ? 1 : 0;
    this.#count += 1;
  }

  /** Adds keys as another writer gave them out. */
  addAll(bytes: Buffer): void {
    const count = Math.floor(bytes.length / (words * 4));
    this.#makeRoom(count);
    const place = this.#count * words;
    for (let word = 0; word < count * words; word += 1) {
      this.#words[place + word] = bytes.readUInt32LE(word * 4);
    }
    this.#count += count;
  }

  #makeRoom(count: number): void {
    const needed = (this.#count + count) * words;
    if (needed <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(needed, this.#words.length * 2));
    grown.set(this.#words);
    this.#words = grown;
  }

  get count(): number {
    return this.#count;
  }

  bytes(): Buffer {
    return Buffer.from(this.#words.buffer, 0, this.#count * words * 4);
  }
}

/** Keys as `VersionKeyWriter` wrote them. */
export function* readVersionKeys(bytes: Buffer): Generator<VersionKey> {
  const word = (at: number): number => bytes.readUInt32LE(at * 4);
  for (let at = 0; (at + words) * 4 <= bytes.length; at += words) {
    yield {
      high: word(at),
      low: word(at + 1),
      at: word(at + 2) * 2 ** 32 + word(at + 3),
      version: word(at + 4),
      pinned: word(at + 5) === 1,
    };
  }
}

export interface ReferenceHash {
  readonly high: number;
  readonly low: number;
}

/**
 * 64 bits of a reference, as two words: FNV-1a twice, with different seeds and a final mix. Parts of
 * it give the same as the whole, without a text made of them.
 */
export function referenceHash(...parts: readonly string[]): ReferenceHash {
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      const code = part.charCodeAt(index);
      high = Math.imul(high ^ code, 0x01000193);
      low = Math.imul(low ^ code, 0x5bd1e995) + ((low >>> 13) | 0);
    }
  }
  return { high: mixed(high), low: mixed(low) };
}

function mixed(word: number): number {
  let value = word ^ (word >>> 16);
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** A version number and an instant that `$import` can order by; undefined for others. */
export function ordered(
  versionId: string | null,
  lastUpdated: string | null,
): { readonly version: number; readonly at: number } | undefined {
  if (versionId === null || lastUpdated === null || !/^\d{1,9}$/.test(versionId)) return undefined;
  const at = Date.parse(lastUpdated);
  return Number.isNaN(at) || at < 0 ? undefined : { version: Number(versionId), at };
}
