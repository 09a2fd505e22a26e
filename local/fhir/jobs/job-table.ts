import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Json } from '../json.ts';
import { isObject } from '../json.ts';
import {
  type Job,
  type JobFailure,
  type JobKindName,
  type JobPart,
  type JobState,
  jobKinds,
} from './job.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT, state TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0, definition TEXT NOT NULL, progress TEXT,
    result TEXT, failure TEXT, created_at INTEGER NOT NULL, ended_at INTEGER);
  CREATE INDEX IF NOT EXISTS job_key ON job (kind, key);
  CREATE INDEX IF NOT EXISTS job_unfinished ON job (number) WHERE ended_at IS NULL;
  CREATE TABLE IF NOT EXISTS job_part (
    job INTEGER NOT NULL, number INTEGER NOT NULL, definition TEXT NOT NULL, result TEXT,
    PRIMARY KEY (job, number)) WITHOUT ROWID;
`;

/** Services that share a storage account name blobs by their job numbers, so each starts where it likes. */
const firstNumber = `INSERT INTO sqlite_sequence (name, seq)
  SELECT 'job', ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'job')`;

/** Jobs and their parts in the service's own database, so that they outlive the process. */
export function createJobTable(database: DatabaseSync) {
  database.exec(schema);
  database.prepare(firstNumber).run(randomInt(1000, 1_000_000) * 1000);
  const insert = database.prepare(
    `INSERT INTO job (kind, key, state, definition, created_at) VALUES (?, ?, 'queued', ?, ?)`,
  );
  const byNumber = database.prepare('SELECT * FROM job WHERE number = ? AND kind = ?');
  const byKey = database.prepare(
    'SELECT * FROM job WHERE kind = ? AND key = ? ORDER BY number LIMIT 1',
  );
  const unfinished = database.prepare('SELECT * FROM job WHERE ended_at IS NULL ORDER BY number');
  const timed = database.prepare(
    'SELECT kind, state, created_at, ended_at FROM job ORDER BY number DESC LIMIT ?',
  );
  const setRunning = database.prepare("UPDATE job SET state = 'running' WHERE number = ?");
  const setCancel = database.prepare('UPDATE job SET cancel_requested = 1 WHERE number = ?');
  const setProgress = database.prepare('UPDATE job SET progress = ? WHERE number = ?');
  const setEnd = database.prepare(
    'UPDATE job SET state = ?, result = ?, failure = ?, ended_at = ? WHERE number = ?',
  );
  const parts = database.prepare(
    'SELECT number, definition, result FROM job_part WHERE job = ? ORDER BY number',
  );
  const insertPart = database.prepare('INSERT INTO job_part VALUES (?, ?, ?, NULL)');
  const setPart = database.prepare('UPDATE job_part SET result = ? WHERE job = ? AND number = ?');
  const jobOf = (row: Record<string, unknown> | undefined) => row && readJob(row);
  return {
    insert(kind: JobKindName, entry: NewJob): number {
      const text = JSON.stringify(entry.definition);
      return Number(insert.run(kind, entry.key ?? null, text, entry.createdAt).lastInsertRowid);
    },
    find: (kind: JobKindName, number: number): Job | undefined => jobOf(byNumber.get(number, kind)),
    findByKey: (kind: JobKindName, key: string): Job | undefined => jobOf(byKey.get(kind, key)),
    unfinished: (): readonly Job[] => unfinished.all().map(readJob),
    /** When the latest jobs came and ended, newest first. */
    times: (most: number): readonly JobTime[] =>
      timed.all(most).map((row) => ({
        kind: String(row['kind']),
        state: String(row['state']),
        createdAt: Number(row['created_at']),
        endedAt: row['ended_at'] === null ? null : Number(row['ended_at']),
      })),
    setRunning: (number: number): unknown => setRunning.run(number),
    requestCancel: (number: number): unknown => setCancel.run(number),
    saveProgress: (number: number, progress: Json): unknown =>
      setProgress.run(JSON.stringify(progress), number),
    end(number: number, ending: JobEnding): void {
      const result = ending.result === undefined ? null : JSON.stringify(ending.result);
      const failure = ending.failure === undefined ? null : JSON.stringify(ending.failure);
      setEnd.run(ending.state, result, failure, ending.endedAt, number);
    },
    parts: (job: number): readonly JobPart[] => parts.all(job).map(readPart),
    addPart: (job: number, number: number, definition: Json): unknown =>
      insertPart.run(job, number, JSON.stringify(definition)),
    finishPart: (job: number, number: number, result: Json): unknown =>
      setPart.run(JSON.stringify(result), job, number),
  };
}

export type JobTable = ReturnType<typeof createJobTable>;

/** Instants in milliseconds since 1970, by the clock of the service. */
export interface JobTime {
  readonly kind: string;
  readonly state: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

export interface NewJob {
  readonly key: string | undefined;
  readonly definition: Json;
  readonly createdAt: number;
}

export interface JobEnding {
  readonly state: JobState;
  readonly result?: Json;
  readonly failure?: JobFailure;
  readonly endedAt: number;
}

const states: readonly JobState[] = ['queued', 'running', 'completed', 'failed', 'cancelled'];

function readJob(row: Record<string, unknown>): Job {
  return {
    number: Number(row['number']),
    kind: jobKinds.find((kind) => kind === row['kind']) ?? 'export',
    state: states.find((state) => state === row['state']) ?? 'failed',
    cancelRequested: Number(row['cancel_requested']) === 1,
    definition: readJson(row['definition']) ?? null,
    progress: readJson(row['progress']),
    result: readJson(row['result']),
    failure: readFailure(readJson(row['failure'])),
    createdAt: Number(row['created_at']),
    endedAt: row['ended_at'] === null ? undefined : Number(row['ended_at']),
  };
}

function readPart(row: Record<string, unknown>): JobPart {
  return {
    number: Number(row['number']),
    definition: readJson(row['definition']) ?? null,
    result: readJson(row['result']),
  };
}

function readJson(value: unknown): Json | undefined {
  return typeof value === 'string' ? JSON.parse(value) : undefined;
}

function readFailure(value: Json | undefined): JobFailure | undefined {
  if (!isObject(value)) return undefined;
  return { status: Number(value['status']), diagnostics: String(value['diagnostics']) };
}
