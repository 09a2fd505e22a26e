import { inOrder, isInOrder } from '../../shared/migration/index.ts';
import type { HeldVersions } from './held-versions.ts';

/** What is to be done in a chunk, as `ChunkMends` has it; grows while a window is inspected. */
export interface FoundMends {
  readonly moves: [number, number, number, number][];
  readonly crowded: [number, number][];
}

/** By chunk. */
export type Mends = Map<number, FoundMends>;

export function mendsOfChunk(mends: Mends, chunk: number): FoundMends {
  const found = mends.get(chunk) ?? { moves: [], crowded: [] };
  mends.set(chunk, found);
  return found;
}

/** Brings the versions of each resource into the order of their numbers, and notes what is moved. */
export function orderHeld(held: HeldVersions, mends: Mends): void {
  for (const versions of held.resources()) {
    const known = new Map(versions.map((version) => [version.version, version]));
    const once = [...known.values()];
    if (isInOrder(once)) continue;
    for (const { version, at } of inOrder(once)) {
      const before = known.get(version);
      if (before !== undefined && before.at !== at) held.move(before.index, at);
    }
  }
  for (const { chunk, high, low, version, at } of held.moved()) {
    mendsOfChunk(mends, chunk).moves.push([high, low, version, at]);
  }
}
