import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMigrationActivities } from '../../../activities/migration/index.ts';
import { type MovingServices, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
}, 120_000);
afterAll(() => services.close());

it('a window whose resources were all gone when it was exported is sealed and closed', async () => {
  const { store, deps } = services;
  const migrationId = await services.start();
  const range = { since: '2026-01-01T00:00:00.000Z', till: '2026-01-02T00:00:00.000Z' };
  await store.windows.put(migrationId, '0000001', {
    ...{ number: 1, ...range, state: 'exporting', expected: 3, batches: 0, ledger: {}, bytes: 0 },
    ...{ startedAt: range.till, closedAt: null },
  });
  await store.extracts.put(migrationId, 'window-0000001', {
    ...{ name: 'window-0000001', side: 'source', ...range, expected: 3, attempt: 1 },
    ...{ state: 'exported', chunks: 0, lines: 0, shortLooks: 0, maxCount: null },
  });
  const { sealStaging, closeWindow } = createMigrationActivities(deps);
  const window = { migrationId, window: 1 };
  expect(await sealStaging(window)).toEqual({ kind: 'sealed', lines: 0 });
  expect(await closeWindow(window)).toMatchObject({ kind: 'closed', exported: 0, loaded: 0 });
}, 60_000);
