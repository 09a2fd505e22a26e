import type { Clock } from './clock.ts';
import type { RowSlots } from './row-slots.ts';

export interface WriteRowsParts {
  readonly clock: Clock;
  readonly slots: RowSlots;
  /** Milliseconds by which the next write comes late; undefined for on time. */
  readonly lateness: () => number | undefined;
  /** The clock of the service, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Chooses the row, and so the lastUpdated, of each write by the API: the next of
 * the clock, or one in the past when a test wants a commit that comes late.
 */
export function createWriteRows({ clock, slots, lateness, now }: WriteRowsParts) {
  return (type: number): bigint => {
    const late = lateness();
    const row = late === undefined ? undefined : slots.take(type, now() - late);
    return row ?? clock.next(slots.isTaken);
  };
}

export type WriteRows = ReturnType<typeof createWriteRows>;
