import type { DatabaseSync } from 'node:sqlite';

/** Keeps something in memory that must follow what the database does. */
export interface Participant {
  /** What it writes now becomes part of the transaction. */
  prepareCommit(): void;
  committed(): void;
  rolledBack(): void;
}

/** Transactions of the one connection; all calls are synchronous, so there is one at a time. */
export function createTransactions(database: DatabaseSync) {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const rollback = database.prepare('ROLLBACK');
  const participants: Participant[] = [];
  let isOpen = false;
  return {
    join(participant: Participant): void {
      participants.push(participant);
    },
    /** Makes all that `work` writes atomic; inside a transaction it becomes part of that. */
    run<T>(work: () => T): T {
      if (isOpen) return work();
      begin.run();
      isOpen = true;
      try {
        const result = work();
        for (const participant of participants) participant.prepareCommit();
        commit.run();
        for (const participant of participants) participant.committed();
        return result;
      } catch (error) {
        for (const participant of participants) participant.rolledBack();
        rollback.run();
        throw error;
      } finally {
        isOpen = false;
      }
    },
  };
}

export type Transactions = ReturnType<typeof createTransactions>;
