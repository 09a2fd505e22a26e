import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostProcess, startApp } from '../local/host/host-process.ts';
import { newStorageAccount } from '../support/storage-account.ts';
import { root } from './running-app.ts';

const storage = newStorageAccount().connectionString;
let host: HostProcess;
beforeAll(async () => {
  host = await startApp(root, ['--open-functions'], {
    AzureWebJobsStorage: storage,
    FDS_MIGRATION_SOURCE_URL: 'http://127.0.0.1:1',
    FDS_MIGRATION_SOURCE_AUTH: 'none',
    FDS_MIGRATION_TARGET_URL: 'http://127.0.0.1:2',
    FDS_MIGRATION_TARGET_AUTH: 'none',
    FDS_MIGRATION_STORAGE: storage,
    FDS_AUTHORIZATION: 'loopback',
  });
}, 60_000);
afterAll(() => host?.terminate());

const get = async (path: string) => {
  const answer = await fetch(`${host.url}/api/${path}`);
  return { status: answer.status, text: await answer.text() };
};

describe('an app with the settings of a migration only', () => {
  it('has the functions of migrations', async () => {
    const { status, text } = await get('migrations');
    expect([status, JSON.parse(text)]).toEqual([200, { migrations: [] }]);
  });

  it('has none of the synchronization', async () => {
    for (const path of ['status', 'maps', 'operations/dead-letters']) {
      expect((await get(path)).status).toBe(404);
    }
  });

  it('takes a plan, and shows it with its defaults', async () => {
    const started = await fetch(`${host.url}/api/migrations`, { method: 'POST', body: '{}' });
    expect(started.status).toBe(202);
    const { id } = (await started.json()) as { readonly id: string };
    expect(JSON.parse((await get(`migrations/${id}`)).text)).toMatchObject({
      state: 'preparing',
      plan: { hardDeletes: 'each-round' },
      hardDeletes: { found: 0, look: null },
    });
  });
});
