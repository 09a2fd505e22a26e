import type { DatabaseSync } from 'node:sqlite';
import { firstSeqAt, slotsPerMillisecond } from './clock.ts';

/** Versions of one type that one millisecond can hold (facts, migration 2.2). */
const versionsPerMillisecond = 80_000;

/** Finds row numbers for versions that bring their lastUpdated with them. */
export function createRowSlots(database: DatabaseSync) {
  const latest = database.prepare(
    'SELECT max(seq) AS seq FROM resource WHERE seq >= ? AND seq < ?',
  );
  const countAt = database.prepare(
    'SELECT count(*) AS n FROM resource WHERE type = ? AND seq >= ? AND seq < ?',
  );
  const taken = database.prepare('SELECT 1 AS taken FROM resource WHERE seq = ?');
  let crowd = { type: -1, milliseconds: Number.NaN, count: 0 };

  function crowdOf(type: number, milliseconds: number): number {
    if (crowd.type !== type || crowd.milliseconds !== milliseconds) {
      const first = firstSeqAt(milliseconds);
      const count = countAt.get(type, first, first + slotsPerMillisecond);
      crowd = { type, milliseconds, count: Number(count?.['n'] ?? 0) };
    }
    return crowd.count;
  }

  return {
    /** True when a row has this number. */
    isTaken: (seq: bigint): boolean => taken.get(seq) !== undefined,
    /** To be called when a transaction begins: an earlier one may have been rolled back. */
    recount(): void {
      crowd = { type: -1, milliseconds: Number.NaN, count: 0 };
    },
    /** A free row of a millisecond, to be taken; undefined when it has all the versions of the type it can hold. */
    take(type: number, milliseconds: number): bigint | undefined {
      const first = firstSeqAt(milliseconds);
      const last = latest.get(first, first + slotsPerMillisecond)?.['seq'];
      const row = typeof last === 'bigint' ? last + 1n : first;
      if (row - first < versionsPerMillisecond) return row;
      if (row >= first + slotsPerMillisecond) return undefined;
      if (crowdOf(type, milliseconds) >= versionsPerMillisecond) return undefined;
      crowd.count += 1;
      return row;
    },
  };
}

export type RowSlots = ReturnType<typeof createRowSlots>;
