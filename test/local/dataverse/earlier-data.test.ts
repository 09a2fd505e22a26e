import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { startService } from './web-api-client.ts';

test('data of a version whose write log knew no callers is taken over', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'dataverse-data-'));
  const database = new DatabaseSync(join(dataFolder, 'dataverse.sqlite'));
  database.exec(
    `CREATE TABLE writes(
      sequence INTEGER PRIMARY KEY, tbl TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
      columns TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL);
     INSERT INTO writes VALUES (1001, 'contact', 'x', 'create', '[]', 'earlier', 0)`,
  );
  database.close();
  const service = await startService({ dataFolder });
  await service.create('contacts', { lastname: 'A' });
  const { json } = await service.control('GET', 'writes');
  expect(json['writes']).toMatchObject([
    { agent: 'earlier', user: null, tag: null },
    { agent: 'suite', user: expect.any(String) },
  ]);
  await service.close();
  rmSync(dataFolder, { recursive: true, force: true });
});
