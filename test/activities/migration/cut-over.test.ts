import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createMigrationActivities,
  proofContainer,
  readinessFiles,
  runsPartition,
} from '../../../activities/migration/index.ts';
import { type MovingServices, patientOf, put, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
  for (let index = 0; index < 5; index += 1) {
    await put(services.sourceUrl, patientOf(`p${index}`));
  }
}, 120_000);
afterAll(() => services?.close());

async function namesOf(found: AsyncIterable<string>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of found) names.push(name);
  return names;
}

const containersOf = (id: string) => namesOf(services.deps.blobs.containers(`fds-${id}-`));

const moveOf = (id: string) =>
  createMigrationActivities(services.deps).nextMove({ migrationId: id });

/** Looks until a move of this kind comes; waits are passed over. */
async function until(id: string, kind: string): Promise<object> {
  for (let looks = 0; looks < 50; looks += 1) {
    const move = await moveOf(id);
    if (move.kind === kind) return move;
    expect(move.kind).toBe('wait');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${kind}`);
}

/** Brings a migration to where everything is copied and a proof would begin. */
async function copied(plan: object = {}): Promise<string> {
  const id = await services.start(plan);
  const run = await services.store.runs.get(runsPartition, id);
  const { serverTime } = services.deps.ends.source.service;
  const cursor = new Date(Date.parse(await serverTime()) + 2000).toISOString();
  if (run === undefined) throw new Error('no run');
  const begin = '2020-01-01T00:00:00.000Z';
  const ways = { exportDialect: 'ahds', bulkImport: true } as const;
  await services.store.runs.put(runsPartition, id, {
    ...{ ...run, ...ways, state: 'copying', begin, cursor, windows: 0 },
  });
  return id;
}

describe('the end of a migration', () => {
  it('leaves certificate, digests and readiness in storage, and no open job', async () => {
    const id = await services.start();
    const moved = await services.run(id);
    expect(moved.state).toBe('completed');
    expect(await containersOf(id)).toEqual([proofContainer(id)]);
    const names: string[] = [];
    for await (const { name } of services.deps.blobs.list(proofContainer(id))) names.push(name);
    expect(names).toEqual(
      expect.arrayContaining(['certificate.json', ...Object.values(readinessFiles)]),
    );
    expect(names.filter((name) => name.endsWith('.ndjson'))).toEqual([]);
    const cleanup = await services.store.cleanups.get(runsPartition, id);
    expect(cleanup).toMatchObject({ state: 'done', problem: null, attempts: 1 });
    const jobs = await services.store.jobs.list(id);
    expect(jobs.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  }, 60_000);

  it('after a stop in the middle nothing runs or lies around, and it can go on to the end', async () => {
    const id = await services.start({ cutOver: 'when-ordered' });
    const { store, deps } = services;
    const steps = createMigrationActivities(deps);
    await steps.assess({ migrationId: id });
    await steps.recordPrepared({ migrationId: id });
    await until(id, 'copy');
    await steps.startExtract({ migrationId: id, extract: 'window-0000001' });
    const orders = await store.orders.get(runsPartition, id);
    if (orders === undefined) throw new Error('no orders');
    await store.orders.put(runsPartition, id, { ...orders, stop: true });
    expect(await moveOf(id)).toEqual({ kind: 'purge' });
    expect(await steps.purgeStaging({ migrationId: id })).toMatchObject({
      kind: 'purged',
      jobs: 1,
    });
    expect(await moveOf(id)).toEqual({ kind: 'end', state: 'stopped' });
    expect(await containersOf(id)).toEqual([proofContainer(id)]);
    const run = await store.runs.get(runsPartition, id);
    if (run === undefined) throw new Error('no run');
    await store.runs.put(runsPartition, id, { ...run, state: 'copying' });
    const plan = { ...orders.plan, cutOver: 'when-caught-up' as const };
    await store.orders.put(runsPartition, id, { ...orders, plan });
    expect(await services.run(id)).toMatchObject({ state: 'completed' });
  }, 60_000);

  it('a cleanup that fails says why, and is done by a later attempt', async () => {
    const { store, deps } = services;
    const id = await services.start();
    const run = await store.runs.get(runsPartition, id);
    if (run === undefined) throw new Error('no run');
    await store.runs.put(runsPartition, id, { ...run, state: 'stopped' });
    await store.jobs.put(id, 'window-0000001!001', {
      ...{ kind: 'export', purpose: 'window-0000001', side: 'source', attempt: 1 },
      ...{ state: 'running', statusUrl: 'http://127.0.0.1:1/_operations/export/1' },
      ...{ container: null, intendedAt: run.startedAt, endedAt: null },
    });
    const { purgeStaging } = createMigrationActivities(deps);
    expect(await purgeStaging({ migrationId: id })).toEqual({ kind: 'failing' });
    const failing = await store.cleanups.get(runsPartition, id);
    expect(failing).toMatchObject({ state: 'failing', attempts: 1 });
    expect(failing?.problem).toMatch(/URL_NOT_ALLOWED/);
    expect(await moveOf(id)).toEqual({ kind: 'purge' });
    await store.jobs.remove(id, 'window-0000001!001');
    expect(await purgeStaging({ migrationId: id })).toMatchObject({ kind: 'purged' });
    expect(await store.cleanups.get(runsPartition, id)).toMatchObject({
      state: 'done',
      attempts: 2,
    });
  }, 60_000);
});

describe('the look whether the source is frozen', () => {
  it('is made twice, a lag apart, and a change between the two starts it anew', async () => {
    const id = await copied({ lagSeconds: 1, till: null });
    expect(await moveOf(id)).toMatchObject({ kind: 'wait' });
    const first = await services.store.freezes.get(runsPartition, id);
    expect(first).toBeDefined();
    await put(services.sourceUrl, patientOf('late', 'Q'));
    expect(await moveOf(id)).toMatchObject({ kind: 'wait' });
    const second = await services.store.freezes.get(runsPartition, id);
    expect(second?.newest).not.toBe(first?.newest);
    expect(await until(id, 'prove')).toMatchObject({ proof: 1 });
  }, 60_000);

  it('counts a delete as a change', async () => {
    const id = await copied({ lagSeconds: 1 });
    await moveOf(id);
    const first = await services.store.freezes.get(runsPartition, id);
    await fetch(`${services.sourceUrl}/Patient/late`, { method: 'DELETE' });
    await moveOf(id);
    const second = await services.store.freezes.get(runsPartition, id);
    expect([second?.newest, second?.changes]).not.toEqual([first?.newest, first?.changes]);
  }, 60_000);
});
