import type { Ledger } from '../shared/ledger/index.ts';
import { referenceOf } from '../shared/outcomes/index.ts';

/** One resource that waits for the row of another; both `Type/id`. */
export interface Wait {
  readonly reference: string;
  readonly waitingFor: string;
}

/** Links of a circle that are followed; longer circles are not known from practice. */
const longestCircle = 8;

/**
 * Of these waits, those that would never end: what is awaited waits itself, over
 * any number of links in the waiting room, for the resource that awaits it.
 */
export async function endlessWaits<T extends Wait>(
  room: Ledger['parked'],
  waits: readonly T[],
): Promise<readonly T[]> {
  const waiters = new Map<string, readonly string[]>();
  let frontier = [...new Set(waits.map(({ reference }) => reference))];
  for (let link = 1; link < longestCircle && frontier.length > 0; link += 1) {
    const found = Map.groupBy(await room.waitingFor(frontier), ({ waitingFor }) => waitingFor);
    for (const reference of frontier) {
      const changes = found.get(reference) ?? [];
      waiters.set(
        reference,
        changes.map(({ change }) => referenceOf(change)),
      );
    }
    const next = frontier.flatMap((reference) => waiters.get(reference) ?? []);
    frontier = [...new Set(next)].filter((reference) => !waiters.has(reference));
  }
  return waits.filter(({ reference, waitingFor }) => reaches(waiters, reference, waitingFor));
}

function reaches(
  waiters: ReadonlyMap<string, readonly string[]>,
  from: string,
  goal: string,
): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const waiter of waiters.get(next) ?? []) {
      if (waiter === goal) return true;
      if (!seen.has(waiter)) open.push(waiter);
      seen.add(waiter);
    }
  }
  return false;
}
