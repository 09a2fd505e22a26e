import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** What the parent process sends first: the answers to give, byte for byte. */
const orders = z.object({
  folder: z.string(),
  contentType: z.string(),
  read: z.string(),
  written: z.string(),
});

/**
 * The least that an HTTP service can do: a read answers ready bytes, a write
 * puts the body into one SQLite table, with the settings of the stand-ins, and
 * answers ready bytes.
 */
process.once('message', (message) => {
  const { folder, contentType, read, written } = orders.parse(message);
  const database = new DatabaseSync(join(folder, 'bare.sqlite'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  database.exec('CREATE TABLE row (id TEXT PRIMARY KEY, body TEXT NOT NULL)');
  const insert = database.prepare('INSERT OR REPLACE INTO row VALUES (?, ?)');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isRead = request.method === 'GET';
      if (!isRead) insert.run(request.url ?? '', Buffer.concat(chunks).toString());
      const text = isRead ? read : written;
      const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(text) };
      response.writeHead(200, headers);
      response.end(text);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    process.send?.({ url: `http://127.0.0.1:${port}` });
  });
});
process.once('disconnect', () => process.exit(0));
