import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createMigrationActivities,
  type MigrationDependencies,
} from '../../../activities/migration/index.ts';
import { migrationPlan, numbered } from '../../../shared/migration/index.ts';
import { recordStart } from '../../support/migration-run.ts';
import { sharedStorage, useMigrationWorlds } from '../../support/migration-suite.ts';
import { openWorld, type World } from '../../support/migration-world.ts';

useMigrationWorlds();

const minute = 60_000;
const day = 24 * 60 * minute;
let world: World;
let opened = 0;

beforeEach(async () => {
  opened += 1;
  world = await openWorld({ storage: sharedStorage(), migrationId: `deadline${opened}` });
  await recordStart(world, migrationPlan.parse({}));
  const { store } = world.deps;
  const run = await store.runs.get('runs', world.migrationId);
  await store.runs.put('runs', world.migrationId, { ...run!, exportDialect: 'ahds' });
});
afterEach(() => world.close());

/** A job whose looks answer as the script says; `cancelled` collects what was ended. */
function scripted(status: object, cancelled: string[]): MigrationDependencies {
  const { deps } = world;
  const job = {
    status: async () => ({ outputs: [], errors: [], ...status }),
    cancel: async (url: string) => {
      cancelled.push(url);
      return 'cancelled' as const;
    },
  };
  const exporter = (dialect: 'ahds' | 'ig') =>
    ({ ...deps.ends.source.exporter(dialect), ...job }) as never;
  return {
    ...deps,
    ends: { ...deps.ends, source: { ...deps.ends.source, exporter } },
    importer: { ...deps.importer, ...job } as never,
  };
}

async function exporting(deps: MigrationDependencies) {
  const { migrationId } = world;
  const at = deps.now().toISOString();
  await deps.store.extracts.put(migrationId, 'window-0000001', {
    ...{ name: 'window-0000001', side: 'source', since: null, till: null, expected: 0 },
    ...{ attempt: 1, state: 'running', chunks: 0, lines: 0, shortLooks: 0, maxCount: null },
  });
  await deps.store.jobs.put(migrationId, 'window-0000001!001', {
    ...{ kind: 'export', purpose: 'window-0000001', side: 'source', attempt: 1, state: 'running' },
    ...{ statusUrl: `${world.source.url}/_operations/export/1`, container: null },
    ...{ intendedAt: at, endedAt: null },
  });
  const { pollExtract } = createMigrationActivities(deps);
  return () => pollExtract({ migrationId, extract: 'window-0000001', looks: 0 });
}

describe('an export whose kick-off was never answered, and was given up', () => {
  it('is ended as soon as it shows that it began after all, while another runs in its place', async () => {
    const cancelled: string[] = [];
    const deps = scripted({ kind: 'running' }, cancelled);
    await exporting(deps);
    const { store, blobs } = deps;
    const { migrationId } = world;
    const extract = await store.extracts.get(migrationId, 'window-0000001');
    const first = await store.jobs.get(migrationId, 'window-0000001!001');
    const container = `fds-${migrationId}-window-0000001-1`;
    const unseen = { ...first!, state: 'lost', statusUrl: null, container } as const;
    await store.jobs.put(migrationId, 'window-0000001!001', unseen);
    await store.jobs.put(migrationId, 'window-0000001!002', { ...first!, attempt: 2 });
    await store.extracts.put(migrationId, 'window-0000001', { ...extract!, attempt: 2 });
    const { pollExtract } = createMigrationActivities(deps);
    const look = () => pollExtract({ migrationId, extract: 'window-0000001', looks: 0 });

    expect(await look()).toMatchObject({ kind: 'running' });
    expect(cancelled).toEqual([]);
    await blobs.ensureContainer(container);
    await blobs.write(container, '20260301T000000-77/Patient-1.ndjson', Buffer.from('{}'));
    expect(await look()).toMatchObject({ kind: 'running' });
    expect(await look()).toMatchObject({ kind: 'running' });
    expect(cancelled).toEqual([`${world.source.url}/_operations/export/77`]);
  });
});

describe('an export that only answers trouble', () => {
  it('is waited for within an hour, then ended, and another takes its place', async () => {
    const cancelled: string[] = [];
    const deps = scripted({ kind: 'running', trouble: 'unavailable' }, cancelled);
    const look = await exporting(deps);
    for (let minutes = 0; minutes < 60; minutes += 15) {
      expect(await look()).toMatchObject({ kind: 'running' });
      world.pass(15 * minute);
    }
    expect(await look()).toMatchObject({ kind: 'again' });
    expect(cancelled).toHaveLength(1);
    const job = await deps.store.jobs.get(world.migrationId, 'window-0000001!001');
    expect(job?.state).toBe('lost');
  });

  it('is kept when the service answers nothing at all: a person is asked', async () => {
    const cancelled: string[] = [];
    const deps = scripted({ kind: 'running', trouble: 'unavailable' }, cancelled);
    const look = await exporting(deps);
    await look();
    world.pass(61 * minute);
    await world.source.control('faults', { method: 'GET', path: '.*', status: 503, times: 9 });
    expect(await look()).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('nothing is heard of the job since'),
    });
    expect(cancelled).toEqual([]);
  });

  it('is given its hour anew once the job has answered', async () => {
    const look = await exporting(scripted({ kind: 'running', trouble: 'throttled' }, []));
    await look();
    world.pass(50 * minute);
    const { pollExtract } = createMigrationActivities(scripted({ kind: 'running' }, []));
    await pollExtract({ migrationId: world.migrationId, extract: 'window-0000001', looks: 1 });
    world.pass(50 * minute);
    expect(await look()).toMatchObject({ kind: 'running' });
    world.pass(50 * minute);
    expect(await look()).toMatchObject({ kind: 'running' });
  });
});

describe('a job without an end', () => {
  it('is ended after seven days', async () => {
    const cancelled: string[] = [];
    const look = await exporting(scripted({ kind: 'running' }, cancelled));
    world.pass(6.9 * day);
    expect(await look()).toMatchObject({ kind: 'running' });
    world.pass(0.2 * day);
    expect(await look()).toMatchObject({ kind: 'again' });
    expect(cancelled).toHaveLength(1);
  });
});

describe('an import that only answers trouble', () => {
  it('is ended after an hour, and its lines go into another operation', async () => {
    const cancelled: string[] = [];
    const deps = scripted({ kind: 'running', trouble: 'unreadable' }, cancelled);
    const { migrationId } = world;
    const partition = `${migrationId}!window-0000001`;
    const file = { type: 'Patient', url: 'x', etag: 'y', lines: 2, bytes: 9, longest: 4 };
    await deps.store.batches.put(partition, '1', {
      ...{ name: '1', files: 1, lines: 2, unitBytes: null, depth: 0, settled: false, ledger: {} },
    });
    await deps.store.batchFiles.put(`${partition}!1`, numbered(1), file);
    await deps.store.jobs.put(migrationId, 'window-0000001!batch-1!001', {
      ...{ kind: 'import', purpose: 'window-0000001!batch-1', side: 'target', attempt: 1 },
      ...{ state: 'running', statusUrl: 'z', container: null },
      ...{ intendedAt: deps.now().toISOString(), endedAt: null },
    });
    const { pollImport, settleImport } = createMigrationActivities(deps);
    const place = { migrationId, window: 1, batch: '1' };
    expect(await pollImport({ ...place, looks: 0 })).toMatchObject({ kind: 'running' });
    world.pass(61 * minute);
    expect(await pollImport({ ...place, looks: 1 })).toEqual({ kind: 'ended' });
    expect(cancelled).toEqual(['z']);
    expect(await settleImport(place)).toEqual({ kind: 'settled', next: ['1.0'] });
    const next = await deps.store.batches.get(partition, '1.0');
    expect(next).toMatchObject({ lines: 2, depth: 1 });
  });
});
