import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** One event that a publisher was told is accepted. */
export interface Published {
  readonly topic: string;
  readonly id: string;
  readonly eventType: string;
  readonly subject: string;
  /** Product token of the publisher's User-Agent. */
  readonly agent: string;
}

export const publishLogSchema = `
  CREATE TABLE IF NOT EXISTS published (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, id TEXT NOT NULL,
    type TEXT NOT NULL, subject TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL);
`;

const row = z.object({
  sequence: z.number(),
  topic: z.string(),
  id: z.string(),
  eventType: z.string(),
  subject: z.string(),
  agent: z.string(),
  at: z.number(),
});

/** What was accepted, in order, for history checkers; kept with the events themselves. */
export function publishLog(database: DatabaseSync) {
  const insert = database.prepare(
    'INSERT INTO published (topic, id, type, subject, agent, at) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const since = database.prepare(
    `SELECT sequence, topic, id, type AS eventType, subject, agent, at
     FROM published WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  );
  return {
    note(events: readonly Published[], now: number): void {
      for (const { topic, id, eventType, subject, agent } of events)
        insert.run(topic, id, eventType, subject, agent, now);
    },
    /** Events behind a sequence number, oldest first. */
    publishedSince: (sequence: number, limit: number) =>
      z
        .array(row)
        .parse(since.all(sequence, limit))
        .map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() })),
  };
}
