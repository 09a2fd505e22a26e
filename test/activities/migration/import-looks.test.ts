import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMigrationActivities } from '../../../activities/migration/index.ts';
import { migrationPlan, numbered } from '../../../shared/migration/index.ts';
import { recordStart } from '../../support/migration-run.ts';
import { sharedStorage, useMigrationWorlds } from '../../support/migration-suite.ts';
import { openWorld, type World } from '../../support/migration-world.ts';

useMigrationWorlds();

let world: World;
let opened = 0;
let loaded = 0;

beforeEach(async () => {
  opened += 1;
  world = await openWorld({ storage: sharedStorage(), migrationId: `looks${opened}` });
  await recordStart(world, migrationPlan.parse({ pollSeconds: { first: 40, most: 40 } }));
});
afterEach(() => world.close());

/** An import of 100 lines, started with the pauses, of which `loaded` say how far it is. */
async function importing(pollSeconds?: { first: number; most: number }) {
  const { deps, migrationId } = world;
  await deps.store.batches.put(`${migrationId}!window-0000001`, '1', {
    ...{ name: '1', files: 1, lines: 100, unitBytes: null, depth: 0, settled: false, ledger: {} },
  });
  await deps.store.jobs.put(migrationId, 'window-0000001!batch-1!001', {
    ...{ kind: 'import', purpose: 'window-0000001!batch-1', side: 'target', attempt: 1 },
    ...{ state: 'running', statusUrl: 'z', container: null },
    ...{ intendedAt: deps.now().toISOString(), endedAt: null },
    ...(pollSeconds === undefined ? {} : { pollSeconds }),
  });
  const status = async () => ({
    kind: 'running',
    outputs: [{ type: 'Patient', count: loaded }],
    errors: [],
  });
  const importer = { ...deps.importer, status } as never;
  const { pollImport } = createMigrationActivities({ ...deps, importer });
  return () => pollImport({ migrationId, window: 1, batch: '1', looks: 120 });
}

const samples = async () =>
  (await world.deps.store.imports.get(world.migrationId, numbered(1)))?.samples.map(
    (sample) => sample.loaded,
  );

describe('looks at an import', () => {
  it('are paced as when it was started, also after the plan was changed', async () => {
    const look = await importing({ first: 3, most: 3 });
    expect(await look()).toMatchObject({ kind: 'running', seconds: 3 });
  });

  it('are paced by the plan where an older release started it', async () => {
    const look = await importing();
    expect(await look()).toMatchObject({ kind: 'running', seconds: 40 });
  });

  it('keep its progress once a second at most, and come soon when any of them says that it is about to end', async () => {
    const look = await importing({ first: 1, most: 60 });
    loaded = 10;
    await look();
    world.pass(500);
    loaded = 60;
    // By itself the pause would be 19 seconds by now; it is an eighth of that, being about to end.
    expect(await look()).toMatchObject({ seconds: expect.closeTo(19.1 / 8, 1), loaded: 60 });
    expect(await samples()).toEqual([10]);
    world.pass(500);
    loaded = 70;
    await look();
    expect(await samples()).toEqual([10, 70]);
  });
});
