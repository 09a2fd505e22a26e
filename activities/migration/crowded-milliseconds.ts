import type { VersionKey } from '../../shared/migration/index.ts';

/** A millisecond of a type holds no more in Azure's database; the versions beyond are moved. */
const room = 80_000;

/** Counters that stand for many milliseconds each: what no counter suspects needs no exact count. */
const counters = 2 ** 20;

const slotOf = (at: number): number => (Math.imul(at % 2 ** 32, 0x9e3779b1) >>> 0) % counters;

/** First look over all versions of a window: which milliseconds may hold more than one operation takes. */
export class MillisecondCounters {
  readonly #counts = new Uint32Array(counters);
  #highest = 0;

  add({ at }: Pick<VersionKey, 'at'>): void {
    const slot = slotOf(at);
    const count = (this.#counts[slot] ?? 0) + 1;
    this.#counts[slot] = count;
    this.#highest = Math.max(this.#highest, count);
  }

  maySurpass(at: number, limit: number): boolean {
    return (this.#counts[slotOf(at)] ?? 0) > limit;
  }

  anySurpasses(limit: number): boolean {
    return this.#highest > limit;
  }
}

/** Exact counts of the suspected milliseconds, by type. */
export class CrowdedMilliseconds {
  readonly #counts = new Map<string, Map<number, number>>();

  add(type: string, { at }: Pick<VersionKey, 'at'>): void {
    const ofType = this.#counts.get(type) ?? new Map<number, number>();
    this.#counts.set(type, ofType);
    ofType.set(at, (ofType.get(at) ?? 0) + 1);
  }

  /** Gives places to the versions in their order: those beyond the room of a millisecond get the next one with room. */
  placing(): (type: string, key: Pick<VersionKey, 'at' | 'pinned'>) => number {
    const taken = new Map<string, number>();
    return (type, { at, pinned }) => {
      if (pinned || this.#countOf(type, at) <= room) return at;
      for (let free = at; ; free += 1) {
        const slot = `${type}/${free}`;
        const used = taken.get(slot) ?? (free === at ? 0 : this.#countOf(type, free));
        if (used >= room) continue;
        taken.set(slot, used + 1);
        return free;
      }
    };
  }

  #countOf(type: string, at: number): number {
    return this.#counts.get(type)?.get(at) ?? 0;
  }
}
