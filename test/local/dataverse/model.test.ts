import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDataverse } from '../../../local/dataverse/index.ts';
import { startService } from './web-api-client.ts';

const source = join(import.meta.dirname, '../../../../shared/facts/data-model.json');
const module = join(import.meta.dirname, '../../../local/dataverse');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dataverse-model-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('model files', () => {
  test.skipIf(!existsSync(source))(
    'data-model.json is what compact-model.ts makes (needs the researched list)',
    () => {
      const output = join(folder, 'model.json');
      execFileSync(process.execPath, [join(module, 'compact-model.ts'), source, output]);
      const kept = readFileSync(join(module, 'data-model.json'), 'utf8');
      expect(readFileSync(output, 'utf8') === kept).toBe(true);
    },
  );

  test.each([
    [
      'an unknown column type',
      { x: { columns: { a: { type: 'text' } } } },
      'tables.x.columns.a.type',
    ],
    [
      'a key on a missing column',
      { x: { columns: {}, keys: [{ name: 'k', columns: ['a'] }] } },
      'names the column a',
    ],
    [
      'a lookup to a missing table',
      { x: { columns: { a: { type: 'lookup', targets: ['y'] } } } },
      'the table y',
    ],
    ['a misspelt member', { x: { colums: {} } }, 'colums'],
  ])('%s is refused by name', async (_, tables, words) => {
    const file = join(folder, 'tables.json');
    writeFileSync(file, JSON.stringify({ tables }));
    await expect(startDataverse({ extensions: [file] })).rejects.toThrow(words);
  });

  test('a key added to data that exists is built at the next start, and dropped when it leaves', async () => {
    const dataFolder = join(folder, 'data');
    const file = join(folder, 'tables.json');
    const keyed = {
      tables: {
        contact: { columns: {}, keys: [{ name: 'by_email', columns: ['emailaddress1'] }] },
      },
    };
    writeFileSync(file, JSON.stringify(keyed));
    const path = "contacts(emailaddress1='a')";
    const before = await startService({ dataFolder });
    await before.create('contacts', { emailaddress1: 'a', lastname: 'Old' });
    expect((await before.call('GET', path)).status).toBe(400);
    await before.close();
    const keyedService = await startService({ dataFolder, extensions: [file] });
    const { json } = await keyedService.call('GET', path);
    await keyedService.close();
    expect(json['lastname']).toBe('Old');
    const unkeyed = await startService({ dataFolder });
    await unkeyed.call('PATCH', `contacts(${json['contactid']})`, { emailaddress1: 'b' });
    await unkeyed.close();
    const again = await startService({ dataFolder, extensions: [file] });
    expect((await again.call('GET', path)).status).toBe(404);
    expect((await again.call('GET', "contacts(emailaddress1='b')")).status).toBe(200);
    await again.close();
  });

  test('rows, versions and declared keys are there after a restart', async () => {
    const dataFolder = join(folder, 'data');
    const first = await startService({ dataFolder });
    const id = await first.create('new_things', { new_name: 'kept', new_kind: 1 });
    await first.call('POST', "EntityDefinitions(LogicalName='new_thing')/Keys", {
      SchemaName: 'new_ByKind',
      KeyAttributes: ['new_kind'],
    });
    const { headers } = await first.call('GET', `new_things(${id})`);
    await first.close();
    const second = await startService({ dataFolder });
    const read = await second.call('GET', 'new_things(new_kind=1)');
    expect([read.json['new_name'], read.headers.get('etag')]).toEqual([
      'kept',
      headers.get('etag'),
    ]);
    await second.close();
  });
});
