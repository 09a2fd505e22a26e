import { fork } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { BenchError } from '../bench-error.ts';

const ready = z.object({ url: z.string() });

/** Starts the bare server as a process of its own, as the stand-ins are. */
export async function startBareServer(orders: {
  readonly folder: string;
  readonly contentType: string;
  readonly read: string;
  readonly written: string;
}) {
  const child = fork(fileURLToPath(new URL('./bare-server.ts', import.meta.url)), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const url = new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(ready.parse(message).url));
    child.once('exit', () => reject(new BenchError('the bare server ended')));
  });
  child.send(orders);
  return {
    url: await url,
    stop: async () => {
      child.disconnect();
      await gone;
    },
  };
}

/** Rows per second that node:sqlite alone inserts in this process, `batch` to a transaction. */
export function bareInserts(folder: string, rows: readonly string[], batch: number): number {
  const database = new DatabaseSync(join(folder, `inserts-${batch}.sqlite`));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  database.exec('CREATE TABLE row (id TEXT PRIMARY KEY, body TEXT NOT NULL)');
  const insert = database.prepare('INSERT INTO row VALUES (?, ?)');
  const began = performance.now();
  for (let start = 0; start < rows.length; start += batch) {
    database.exec('BEGIN IMMEDIATE');
    for (const [offset, body] of rows.slice(start, start + batch).entries()) {
      insert.run(`row-${start + offset}`, body);
    }
    database.exec('COMMIT');
  }
  const rate = (rows.length * 1_000) / (performance.now() - began);
  database.close();
  return rate;
}
