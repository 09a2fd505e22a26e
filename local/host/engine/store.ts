import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { HistoryEvent } from './history.ts';
import type {
  EntityRecord,
  InstanceRecord,
  Message,
  NewMessage,
  NewWork,
  ParentLink,
  Work,
} from './records.ts';
import { numberOf, type Row, textOf } from './row.ts';
import { StoreError } from './store-error.ts';
import {
  entityFromRow,
  historyFromText,
  instanceFromRow,
  messageFromRow,
  workFromRow,
} from './store-rows.ts';
import { laterColumns, schema } from './store-schema.ts';

/** A host that was told to leave may need this long for its last activities. */
const defaultTakeOverMs = 8_000;

/**
 * The file is locked as long as it is open: two engines on one file would do
 * everything twice. The lock ends with the process, however it ends, so it is
 * also the lease on every activity that the file owes.
 */
function openForOneProcess(file: string | undefined, takeOverMs: number): DatabaseSync {
  const db = new DatabaseSync(file ?? ':memory:');
  try {
    db.exec(`PRAGMA busy_timeout = ${takeOverMs}; PRAGMA locking_mode = EXCLUSIVE;`);
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    // Fewer and larger checkpoints: pages that change often are copied once. 8,000 pages are 32 MB.
    db.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -65536;');
    db.exec('BEGIN IMMEDIATE; COMMIT;');
    return db;
  } catch (error) {
    db.close();
    if (!(error instanceof Error) || !/locked|busy/i.test(error.message)) throw error;
    throw new StoreError(
      `the data file ${file} is in use by another process: stop that one, or give this one another data folder`,
    );
  }
}

/** The engine's rows. Every method runs inside the caller's transaction. */
export class Store {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #nextMessage: number;
  #nextWork: number;

  /** `file` undefined keeps everything in memory; one that another process has is waited for, `takeOverMs` at most. */
  constructor(file: string | undefined, takeOverMs = defaultTakeOverMs) {
    this.#db = openForOneProcess(file, takeOverMs);
    this.#db.exec(schema);
    this.#addLaterColumns();
    this.#nextMessage = this.#maximum('inbox') + 1;
    this.#nextWork = this.#maximum('work') + 1;
  }

  close(): void {
    this.#db.close();
  }

  /** Runs `body` in one transaction; rolls back when it throws. */
  transaction<T>(body: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Reads rows with a statement that is prepared once per text. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values);
  }

  instance(id: string): InstanceRecord | undefined {
    const row = this.#prepared('SELECT * FROM instances WHERE id = ?').get(id);
    return row === undefined ? undefined : instanceFromRow(row);
  }

  insertInstance(record: Omit<InstanceRecord, 'row'>): InstanceRecord {
    const { lastInsertRowid } = this.#prepared(
      `INSERT INTO instances (id, name, execution, parent, status, input, output, custom_status, created, updated, generation, owes_episode)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
      record.id,
      record.name,
      record.executionId,
      record.parent === null ? null : JSON.stringify(record.parent),
      record.status,
      record.input,
      record.output,
      record.customStatus,
      record.createdAt,
      record.updatedAt,
      record.generation,
      record.owesEpisode ? 1 : 0,
    );
    return { ...record, row: Number(lastInsertRowid) };
  }

  updateInstance(record: InstanceRecord): void {
    this.#prepared(
      `UPDATE instances SET execution = ?, status = ?, input = ?, output = ?, custom_status = ?, updated = ?, generation = ?, owes_episode = ? WHERE row = ?`,
    ).run(
      record.executionId,
      record.status,
      record.input,
      record.output,
      record.customStatus,
      record.updatedAt,
      record.generation,
      record.owesEpisode ? 1 : 0,
      record.row,
    );
  }

  setParent(instanceRow: number, parent: ParentLink | null): void {
    const text = parent === null ? null : JSON.stringify(parent);
    this.#prepared('UPDATE instances SET parent = ? WHERE row = ?').run(text, instanceRow);
  }

  /** Removes the instance with its history, messages and owed activities. */
  deleteInstance(record: Pick<InstanceRecord, 'row' | 'id'>): void {
    this.clearHistory(record.row);
    this.clearInbox(record.id);
    this.#prepared('DELETE FROM work WHERE instance = ?').run(record.id);
    this.#prepared('DELETE FROM instances WHERE row = ?').run(record.row);
  }

  history(instanceRow: number): HistoryEvent[] {
    const rows = this.#prepared('SELECT events FROM history WHERE instance = ? ORDER BY seq').all(
      instanceRow,
    );
    return rows.flatMap((row) => historyFromText(row));
  }

  /** `seq` is the position of the first of `events` in the history. */
  appendHistory(instanceRow: number, seq: number, events: readonly HistoryEvent[]): void {
    this.#prepared('INSERT INTO history (instance, seq, events) VALUES (?, ?, ?)').run(
      instanceRow,
      seq,
      JSON.stringify(events),
    );
  }

  clearHistory(instanceRow: number): void {
    this.#prepared('DELETE FROM history WHERE instance = ?').run(instanceRow);
  }

  addMessage(message: NewMessage): Message {
    const id = this.#nextMessage++;
    const { instanceId, executionId, due, event } = message;
    this.#prepared(
      'INSERT INTO inbox (id, instance, execution, due, event) VALUES (?, ?, ?, ?, ?)',
    ).run(id, instanceId, executionId, due, JSON.stringify(event));
    return { id, attempts: 0, ...message };
  }

  deleteMessage(id: number): void {
    this.#prepared('DELETE FROM inbox WHERE id = ?').run(id);
  }

  clearInbox(instanceId: string): void {
    this.#prepared('DELETE FROM inbox WHERE instance = ?').run(instanceId);
  }

  messages(): Message[] {
    return this.all('SELECT * FROM inbox ORDER BY id').map(messageFromRow);
  }

  addWork(work: NewWork): Work {
    const id = this.#nextWork++;
    this.#prepared(
      'INSERT INTO work (id, instance, execution, task, name, input, attempts) VALUES (?, ?, ?, ?, ?, ?, 0)',
    ).run(id, work.instanceId, work.executionId, work.taskId, work.name, work.input);
    return { id, attempts: 0, ...work };
  }

  /** False when another hand has already finished or dropped it. */
  deleteWork(id: number): boolean {
    return this.#prepared('DELETE FROM work WHERE id = ?').run(id).changes > 0;
  }

  /** Owed activities, oldest first. */
  work(): Work[] {
    return this.all('SELECT * FROM work ORDER BY id').map(workFromRow);
  }

  /** True when the last process on this file stopped with no activity running; marks this one as not stopped yet. */
  takeCleanStop(): boolean {
    const row = this.#prepared('SELECT stopped_cleanly FROM engine').get();
    this.#prepared('UPDATE engine SET stopped_cleanly = 0').run();
    return row?.['stopped_cleanly'] === 1;
  }

  noteCleanStop(): void {
    this.#prepared('UPDATE engine SET stopped_cleanly = 1').run();
  }

  /** Counts one attempt more for the oldest `count`: those that a killed process may have been running. */
  countInterrupted(count: number): void {
    this.#prepared(
      'UPDATE work SET attempts = attempts + 1 WHERE id IN (SELECT id FROM work ORDER BY id LIMIT ?)',
    ).run(count);
  }

  /** As `countInterrupted`, for the mail that was to be delivered by `now`. */
  countUndelivered(now: number, count: number): void {
    this.#prepared(
      `UPDATE inbox SET attempts = attempts + 1 WHERE id IN
         (SELECT id FROM inbox WHERE due IS NULL OR due <= ? ORDER BY id LIMIT ?)`,
    ).run(now, count);
  }

  entity(id: string): EntityRecord | undefined {
    const row = this.#prepared('SELECT * FROM entities WHERE id = ?').get(id);
    return row === undefined ? undefined : entityFromRow(row);
  }

  putEntity(entity: EntityRecord): void {
    this.#prepared(
      `INSERT INTO entities (id, present, state, locked_by, queue, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET present = excluded.present, state = excluded.state,
         locked_by = excluded.locked_by, queue = excluded.queue, updated = excluded.updated`,
    ).run(
      entity.id,
      entity.exists ? 1 : 0,
      entity.state,
      entity.lockedBy,
      JSON.stringify(entity.queue),
      entity.createdAt,
      entity.updatedAt,
    );
  }

  entitiesLockedBy(instanceId: string): string[] {
    const rows = this.#prepared('SELECT id FROM entities WHERE locked_by = ?').all(instanceId);
    return rows.map((row) => textOf(row, 'id'));
  }

  deleteEntity(id: string): void {
    this.#prepared('DELETE FROM entities WHERE id = ?').run(id);
  }

  #addLaterColumns(): void {
    for (const [table, column, definition] of laterColumns) {
      const known = this.#db.prepare('SELECT name FROM pragma_table_info(?)').all(table);
      if (known.some(({ name }) => name === column)) continue;
      this.#db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
    }
  }

  #maximum(table: 'inbox' | 'work'): number {
    const row = this.#prepared(`SELECT coalesce(max(id), 0) AS id FROM ${table}`).get();
    return row === undefined ? 0 : numberOf(row, 'id');
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
