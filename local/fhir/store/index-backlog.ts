import type { DatabaseSync } from 'node:sqlite';
import { insertStatements } from './row-buffer.ts';

/**
 * The versions whose index rows wait in memory. The table `unindexed` names them
 * too, from the transaction that wrote them until their rows are in the index
 * tables, so that a start after a kill can make the rows again.
 */
export function createIndexBacklog(database: DatabaseSync) {
  const insert = insertStatements(database, { name: 'unindexed', columns: 1 });
  const forget = database.prepare('DELETE FROM unindexed');
  let waiting = new Set<bigint>();
  /** Waiting versions that were superseded; their rows are not to be written. */
  let cancelled = new Set<bigint>();
  /** What the running transaction added to either set. */
  let added: bigint[] = [];
  let cancelledNow: bigint[] = [];
  /** The sets of before the running transaction, once it has written their rows. */
  let written: { readonly waiting: Set<bigint>; readonly cancelled: Set<bigint> } | undefined;

  const endTransaction = () => {
    added = [];
    cancelledNow = [];
    written = undefined;
  };
  return {
    size: (): number => waiting.size,
    cancelled: (): ReadonlySet<bigint> => cancelled,
    has: (seq: bigint): boolean => waiting.has(seq),
    add(seq: bigint): void {
      waiting.add(seq);
      added.push(seq);
    },
    cancel(seq: bigint): void {
      cancelled.add(seq);
      cancelledNow.push(seq);
    },
    /** Makes the waiting versions of the running transaction known to the next start. */
    note: (): void => insert(added.filter((seq) => waiting.has(seq))),
    /** To be called inside a transaction that has written the rows of all that waited. */
    clear(): void {
      forget.run();
      written ??= { waiting, cancelled };
      waiting = new Set();
      cancelled = new Set();
    },
    commit: endTransaction,
    rollback(): void {
      ({ waiting, cancelled } = written ?? { waiting, cancelled });
      for (const seq of added) waiting.delete(seq);
      for (const seq of cancelledNow) cancelled.delete(seq);
      endTransaction();
    },
  };
}
