import type { DatabaseSync } from 'node:sqlite';

export interface OutboxEntry {
  readonly number: number;
  /** JSON text of one Event Grid event. */
  readonly event: string;
}

/**
 * Events wait here from the transaction that caused them until Event Grid has
 * accepted them, so none is lost or invented by a crash in between.
 */
export function createOutbox(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO outbox (event) VALUES (?)');
  const oldest = database.prepare('SELECT number, event FROM outbox ORDER BY number LIMIT ?');
  const remove = database.prepare('DELETE FROM outbox WHERE number <= ?');
  const count = database.prepare('SELECT count(*) AS n FROM outbox');
  return {
    add: (event: string): void => {
      insert.run(event);
    },
    oldest: (limit: number): readonly OutboxEntry[] =>
      oldest
        .all(limit)
        .map((row) => ({ number: Number(row['number']), event: String(row['event']) })),
    removeThrough: (number: number): void => {
      remove.run(number);
    },
    count: (): number => Number(count.get()?.['n'] ?? 0),
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
