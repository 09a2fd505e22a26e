import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { newFolder, serve } from './running-service.ts';

test('a data folder of the time when a millisecond had 4096 rows keeps its versions, index and order', async () => {
  const dataFolder = newFolder();
  const before = await serve({ dataFolder });
  for (const [id, gender] of [
    ['a', 'male'],
    ['b', 'female'],
    ['a', 'other'],
  ] as const) {
    await before.call('PUT', `/Patient/${id}`, { resourceType: 'Patient', id, gender });
  }
  const shown = async (service: typeof before) => {
    const paths = ['/Patient/_history', '/Patient?gender=other', '/Patient?_sort=_lastUpdated'];
    const answers = await Promise.all(paths.map((path) => service.call('GET', path)));
    return answers.map(({ json }) => json.entry?.map(({ resource }) => resource));
  };
  const expected = await shown(before);
  await before.close();
  const database = new DatabaseSync(join(dataFolder, 'fhir.sqlite'));
  for (const table of ['resource', 'code_index', 'range_index', 'text_index', 'hard_delete']) {
    database.exec(`UPDATE ${table} SET seq = seq / 1000000 * 4096 + seq % 1000000`);
  }
  database.exec('PRAGMA user_version = 0');
  database.close();
  const after = await serve({ dataFolder });
  expect(await shown(after)).toEqual(expected);
  const next = await after.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a' });
  expect(next.json.meta!.versionId).toBe('3');
});
