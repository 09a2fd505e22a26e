import { numbered, type VersionKey, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { wholeBlob } from './key-files.ts';
import { stagingContainer } from './overlap.ts';
import type { WindowPlace } from './window-mends.ts';

/** A version as it came, and the instant that it is to have. */
export interface PlacedKey {
  readonly key: VersionKey;
  readonly chunk: number;
  readonly to: number;
}

interface Place extends WindowPlace {
  /** Of the export: what was put down for another one is not read. */
  readonly attempt: number;
  readonly groups: number;
}

const bytesPerKey = 33;
/** What waits in memory of all groups together; each is put down in pieces of its share of that. */
const waitingBytes = 48 * 1024 * 1024;
const largestPiece = 256 * 1024;

/**
 * Keys of a window by groups of resources, in blobs of the staging container: a window of any size
 * is read once to part it, and once more group by group. A repeat writes the same blobs again.
 */
export class KeyGroups {
  readonly #deps: MigrationDependencies;
  readonly #place: Place;
  readonly #waiting: Pieces[];

  constructor(deps: MigrationDependencies, place: Place) {
    this.#deps = deps;
    this.#place = place;
    this.#waiting = Array.from({ length: place.groups }, () => new Pieces());
  }

  add(group: number, key: PlacedKey): void {
    this.#waiting[group]?.add(key);
  }

  /** To be called now and then while keys are added. */
  putDown(): Promise<void> {
    return this.#write(Math.min(largestPiece, waitingBytes / this.#place.groups));
  }

  async *read(group: number): AsyncGenerator<PlacedKey> {
    await this.#write(1);
    const { blobs } = this.#deps;
    const list = blobs.list(stagingContainer(this.#place.migrationId), this.#folderOf(group));
    for await (const { url } of list) {
      yield* placedKeys(await wholeBlob(this.#deps, url));
    }
  }

  async #write(least: number): Promise<void> {
    for (const [group, waiting] of this.#waiting.entries()) {
      if (waiting.bytes < least) continue;
      const { number, content } = waiting.take();
      const name = `${this.#folderOf(group)}${numbered(number)}.bin`;
      await this.#deps.blobs.write(stagingContainer(this.#place.migrationId), name, content);
    }
  }

  #folderOf(group: number): string {
    const { window, attempt } = this.#place;
    return `${windowName(window)}/groups-${attempt}/${numbered(group)}/`;
  }
}

/** The next piece of a group, in a buffer that grows. */
class Pieces {
  #buffer = Buffer.allocUnsafe(bytesPerKey * 256);
  #number = 0;
  bytes = 0;

  add({ key, chunk, to }: PlacedKey): void {
    if (this.bytes + bytesPerKey > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(this.#buffer.length * 2);
      this.#buffer.copy(grown, 0, 0, this.bytes);
      this.#buffer = grown;
    }
    const { bytes: at } = this;
    this.#buffer.writeUInt32LE(key.high, at);
    this.#buffer.writeUInt32LE(key.low, at + 4);
    this.#buffer.writeDoubleLE(key.at, at + 8);
    this.#buffer.writeDoubleLE(to, at + 16);
    this.#buffer.writeUInt32LE(key.version, at + 24);
    this.#buffer.writeUInt32LE(chunk, at + 28);
    this.#buffer.writeUInt8(key.pinned ? 1 : 0, at + 32);
    this.bytes += bytesPerKey;
  }

  take(): { readonly number: number; readonly content: Buffer } {
    const content = Buffer.from(this.#buffer.subarray(0, this.bytes));
    this.#number += 1;
    this.bytes = 0;
    return { number: this.#number, content };
  }
}

function* placedKeys(bytes: Buffer): Generator<PlacedKey> {
  for (let at = 0; at + bytesPerKey <= bytes.length; at += bytesPerKey) {
    const key = {
      high: bytes.readUInt32LE(at),
      low: bytes.readUInt32LE(at + 4),
      at: bytes.readDoubleLE(at + 8),
      version: bytes.readUInt32LE(at + 24),
      pinned: bytes.readUInt8(at + 32) === 1,
    };
    yield { key, chunk: bytes.readUInt32LE(at + 28), to: bytes.readDoubleLE(at + 16) };
  }
}
