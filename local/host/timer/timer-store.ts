import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What a timer remembers across restarts; instants in ISO text. */
export interface TimerStatus {
  readonly last: string;
  readonly next: string;
  readonly lastUpdated: string;
}

export interface TimerStore {
  read(functionName: string): TimerStatus | undefined;
  write(functionName: string, status: TimerStatus): void;
  close(): void;
}

/** Kept in `host.db` of the data folder; without a folder in memory. */
export function openTimerStore(dataFolder: string | undefined): TimerStore {
  if (dataFolder !== undefined) mkdirSync(dataFolder, { recursive: true });
  const database = new DatabaseSync(
    dataFolder === undefined ? ':memory:' : join(dataFolder, 'host.db'),
  );
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  database.exec(
    'CREATE TABLE IF NOT EXISTS timers (name TEXT PRIMARY KEY, last TEXT NOT NULL, next TEXT NOT NULL, lastUpdated TEXT NOT NULL) WITHOUT ROWID',
  );
  const select = database.prepare('SELECT last, next, lastUpdated FROM timers WHERE name = ?');
  const upsert = database.prepare(
    'INSERT OR REPLACE INTO timers (name, last, next, lastUpdated) VALUES (?, ?, ?, ?)',
  );
  return {
    read(functionName) {
      const row = select.get(functionName);
      if (row === undefined) return undefined;
      return {
        last: String(row['last']),
        next: String(row['next']),
        lastUpdated: String(row['lastUpdated']),
      };
    },
    write(functionName, { last, next, lastUpdated }) {
      upsert.run(functionName, last, next, lastUpdated);
    },
    close: () => database.close(),
  };
}
