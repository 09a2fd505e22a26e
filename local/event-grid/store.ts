import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { EventGridError } from './event-grid-error.ts';
import { type Published, publishLog, publishLogSchema } from './publish-log.ts';
import { parseSubscription, type Subscription } from './subscription.ts';

/** One event that one subscription has not acknowledged yet; its text stays in the database. */
export interface PendingDelivery {
  readonly sequence: number;
  readonly bytes: number;
  readonly dataVersion: string;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  readonly dueAt: number;
}

export interface NewDelivery {
  readonly subscriptionId: number;
  readonly body: string;
  readonly dataVersion: string;
}

export interface DeadLetterRecord {
  readonly sequence: number;
  readonly topic: string;
  readonly subscription: string;
  /** JSON text of the event with the dead-letter properties. */
  readonly document: string;
}

export type Counters = Readonly<Record<'publishedEvents' | 'delivered' | 'deadLettered', number>>;

export interface StoredSubscription {
  readonly id: number;
  readonly subscription: Subscription;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS subscription (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, name TEXT NOT NULL, properties TEXT NOT NULL,
    UNIQUE (topic, name));
  CREATE TABLE IF NOT EXISTS delivery (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, subscription INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, published INTEGER NOT NULL,
    version TEXT NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS dead_letter (
    sequence INTEGER PRIMARY KEY, topic TEXT NOT NULL, subscription TEXT NOT NULL,
    document TEXT NOT NULL, blob TEXT);
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  INSERT OR IGNORE INTO counter VALUES ('publishedEvents', 0), ('delivered', 0), ('deadLettered', 0);
  ${publishLogSchema}
`;

const subscriptionRow = z.object({
  id: z.number(),
  topic: z.string(),
  name: z.string(),
  properties: z.string(),
});
const deliveryRow = z.object({
  sequence: z.number(),
  bytes: z.number(),
  dataVersion: z.string(),
  attempts: z.number(),
  publishedAt: z.number(),
  dueAt: z.number(),
});
const deadLetterRow = z.object({
  topic: z.string(),
  subscription: z.string(),
  document: z.string(),
  blob: z.string().nullable(),
});
const counterRow = z.object({
  name: z.enum(['publishedEvents', 'delivered', 'deadLettered']),
  value: z.number(),
});

export type Store = ReturnType<typeof openStore>;

/** Everything that must outlive a kill: subscriptions, undelivered events, dead letters, counts. */
export function openStore(dataFolder: string | undefined, now: () => number) {
  if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true });
  const database = new DatabaseSync(
    dataFolder === undefined ? ':memory:' : join(dataFolder, 'event-grid.sqlite'),
  );
  database.exec(schema);
  const transaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (problem) {
      database.exec('ROLLBACK');
      throw problem;
    }
  };
  const countUp = database.prepare('UPDATE counter SET value = value + ? WHERE name = ?');
  const count = (name: keyof Counters, by: number) => countUp.run(by, name);
  const log = publishLog(database);
  return {
    publishedSince: log.publishedSince,
    ...subscriptionStore(database, transaction),
    ...deliveryStore(database, { transaction, count, note: log.note, clock: now }),
    ...deadLetterStore(database, transaction, count),
    counters(): Counters {
      const rows = database.prepare('SELECT name, value FROM counter').all();
      const found = { publishedEvents: 0, delivered: 0, deadLettered: 0 };
      for (const { name, value } of z.array(counterRow).parse(rows)) found[name] = value;
      return found;
    },
    close: () => database.close(),
  };
}

type Transaction = <T>(work: () => T) => T;
type Count = (name: keyof Counters, by: number) => void;

function subscriptionStore(database: DatabaseSync, transaction: Transaction) {
  const save = database.prepare(
    `INSERT INTO subscription (topic, name, properties) VALUES (?, ?, ?)
     ON CONFLICT (topic, name) DO UPDATE SET properties = excluded.properties RETURNING id`,
  );
  return {
    saveSubscription({ topic, name, properties }: Subscription): number {
      const row = save.get(topic, name, JSON.stringify(properties));
      return z.object({ id: z.number() }).parse(row).id;
    },
    subscriptions(): readonly StoredSubscription[] {
      const rows = database.prepare('SELECT id, topic, name, properties FROM subscription').all();
      return z
        .array(subscriptionRow)
        .parse(rows)
        .map(({ id, topic, name, properties }) => {
          const body = { properties: JSON.parse(properties) as unknown };
          return { id, subscription: parseSubscription(topic, name, body) };
        });
    },
    /** Its undelivered events go with it, as on the service. */
    removeSubscription(id: number): void {
      transaction(() => {
        database.prepare('DELETE FROM delivery WHERE subscription = ?').run(id);
        database.prepare('DELETE FROM subscription WHERE id = ?').run(id);
      });
    },
  };
}

interface DeliveryStoreParts {
  readonly transaction: Transaction;
  readonly count: Count;
  readonly note: (events: readonly Published[], now: number) => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

function deliveryStore(database: DatabaseSync, parts: DeliveryStoreParts) {
  const { transaction, count, note, clock } = parts;
  const insert = database.prepare(
    'INSERT INTO delivery (subscription, due, published, version, body) VALUES (?, ?, ?, ?, ?)',
  );
  const bodyOf = database.prepare('SELECT body FROM delivery WHERE sequence = ?');
  const remove = database.prepare('DELETE FROM delivery WHERE sequence = ?');
  const reschedule = database.prepare(
    'UPDATE delivery SET attempts = ?, due = ? WHERE sequence = ?',
  );
  return {
    /** Makes the events of one publish request durable, all or none. */
    accept(deliveries: readonly NewDelivery[], published: readonly Published[]): PendingDelivery[] {
      const now = clock();
      return transaction(() => {
        count('publishedEvents', published.length);
        note(published, now);
        return deliveries.map(({ subscriptionId, body, dataVersion }) => {
          const { lastInsertRowid } = insert.run(subscriptionId, now, now, dataVersion, body);
          return {
            sequence: Number(lastInsertRowid),
            bytes: Buffer.byteLength(body),
            ...{ dataVersion, attempts: 0, publishedAt: now, dueAt: now },
          };
        });
      });
    },
    /** Undelivered events of a subscription, read at start. */
    pending(subscriptionId: number): readonly PendingDelivery[] {
      const rows = database
        .prepare(
          `SELECT sequence, length(CAST(body AS BLOB)) AS bytes, version AS dataVersion, attempts,
             published AS publishedAt, due AS dueAt
           FROM delivery WHERE subscription = ? ORDER BY due, sequence`,
        )
        .all(subscriptionId);
      return z.array(deliveryRow).parse(rows);
    },
    bodies(batch: readonly PendingDelivery[]): readonly string[] {
      return batch.map(({ sequence }) => {
        const body = bodyOf.get(sequence)?.['body'];
        if (typeof body === 'string') return body;
        throw new EventGridError(500, 'InternalServerError', `Event ${sequence} has no body.`);
      });
    },
    delivered(batch: readonly PendingDelivery[]): void {
      transaction(() => {
        for (const { sequence } of batch) remove.run(sequence);
        count('delivered', batch.length);
      });
    },
    reschedule(batch: readonly PendingDelivery[]): void {
      transaction(() => {
        for (const { sequence, attempts, dueAt } of batch)
          reschedule.run(attempts, dueAt, sequence);
      });
    },
  };
}

function deadLetterStore(database: DatabaseSync, transaction: Transaction, count: Count) {
  const remove = database.prepare('DELETE FROM delivery WHERE sequence = ?');
  const insert = database.prepare(
    'INSERT INTO dead_letter (sequence, topic, subscription, document) VALUES (?, ?, ?, ?)',
  );
  const mark = database.prepare('UPDATE dead_letter SET blob = ? WHERE sequence = ?');
  return {
    /** Moves events out of delivery; they are never in both places and never in none. */
    deadLetter(records: readonly DeadLetterRecord[]): void {
      transaction(() => {
        for (const { sequence, topic, subscription, document } of records) {
          insert.run(sequence, topic, subscription, document);
          remove.run(sequence);
        }
        count('deadLettered', records.length);
      });
    },
    markBlob(records: readonly DeadLetterRecord[], blob: string): void {
      transaction(() => {
        for (const { sequence } of records) mark.run(blob, sequence);
      });
    },
    /** The newest dead letters. */
    deadLetters(limit: number) {
      const rows = database
        .prepare(
          'SELECT topic, subscription, document, blob FROM dead_letter ORDER BY sequence DESC LIMIT ?',
        )
        .all(limit);
      return z
        .array(deadLetterRow)
        .parse(rows)
        .map(({ document, ...rest }) => ({
          ...rest,
          event: JSON.parse(document) as unknown,
        }));
    },
  };
}
