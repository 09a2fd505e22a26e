import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMigrationActivities, runsPartition } from '../../../activities/migration/index.ts';
import type { RunRecord } from '../../../shared/migration/index.ts';
import { caughtUpCopy, day } from './caught-up-copy.ts';
import {
  importLines,
  type MovingServices,
  patientOf,
  put,
  remove,
  startMovingServices,
  statusOf,
} from './moving-services.ts';

let services: MovingServices;
beforeEach(async () => {
  services = await startMovingServices();
}, 120_000);
afterEach(() => services.close());

const steps = () => createMigrationActivities(services.deps);

/** First versions that both sides hold, as after a copy; a minute apart, or all at once. */
const alike = (prefix: string, count: number, apart = 60_000) =>
  Array.from({ length: count }, (_, index) => ({
    ...patientOf(`${prefix}-${index}`),
    meta: {
      versionId: '1',
      lastUpdated: new Date(Date.parse(day(1)) + index * apart).toISOString(),
    },
  }));

async function both(lines: readonly object[]): Promise<void> {
  await importLines(services, services.sourceUrl, lines);
  await importLines(services, services.targetUrl, lines);
}

const caughtUp = (plan: object = {}, change: Partial<RunRecord> = {}): Promise<string> =>
  caughtUpCopy(services, plan, change);

/** Looks to the end, and how that was. */
async function looked(id: string): Promise<string> {
  for (;;) {
    const found = await steps().findHardDeletes({ migrationId: id });
    if (found.kind !== 'more') return found.kind;
  }
}

const lookOf = (id: string) => services.store.deleteLooks.get(runsPartition, id);

const removedBy = async (id: string): Promise<readonly string[]> =>
  (await services.store.repairs.list(id)).map(({ kind, reference }) => `${kind} ${reference}`);

/** Calls that the product made to both services. */
async function callsDuring(work: () => Promise<unknown>): Promise<number> {
  const before = await calls();
  await work();
  return (await calls()) - before;
}

async function calls(): Promise<number> {
  const counts = await Promise.all(
    [services.sourceUrl, services.targetUrl].map(async (url) => {
      const answer = await fetch(`${url}/_control/status`);
      const { calls } = (await answer.json()) as { calls: Record<string, number> };
      return calls['migration-test'] ?? 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function faulty(script: object): Promise<void> {
  const answer = await fetch(`${services.sourceUrl}/_control/faults`, {
    method: 'POST',
    body: JSON.stringify(script),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

const calm = () => fetch(`${services.sourceUrl}/_control/faults`, { method: 'DELETE' });

describe('a look for hard deletes', () => {
  it('finds what was deleted for good among thousands, removes and lists it', async () => {
    await both(alike('many', 3_000));
    await remove(services.sourceUrl, 'Patient/many-17', true);
    await remove(services.sourceUrl, 'Patient/many-2900', true);
    const id = await caughtUp();
    expect(await callsDuring(() => looked(id))).toBeLessThan(60);
    expect(await removedBy(id)).toEqual([
      'hard-deleted Patient/many-17',
      'hard-deleted Patient/many-2900',
    ]);
    const [repair] = await services.store.repairs.list(id);
    expect(repair?.window).toBe(1);
    expect(await statusOf(services.targetUrl, 'Patient/many-17')).toBe(404);
    expect(await statusOf(services.targetUrl, 'Patient/many-18')).toBe(200);
  }, 60_000);

  it('costs a call to each side when nothing was, changes and soft deletes included', async () => {
    await both(alike('calm', 700));
    await put(services.sourceUrl, patientOf('calm-3', 'changed'));
    await remove(services.sourceUrl, 'Patient/calm-4');
    const id = await caughtUp();
    expect(await callsDuring(() => looked(id))).toBe(2);
    expect(await removedBy(id)).toEqual([]);
  }, 60_000);

  it('finds all of a crowd in one millisecond, and a tombstone that is gone', async () => {
    await both(alike('crowd', 620, 0));
    const tombstone = {
      ...patientOf('buried'),
      meta: {
        versionId: '2',
        lastUpdated: day(2),
        extension: [
          {
            url: 'http://azurehealthcareapis.com/data-extensions/deleted-state',
            valueString: 'soft-deleted',
          },
        ],
      },
    };
    await both([tombstone]);
    for (const id of ['crowd-1', 'crowd-300', 'crowd-619', 'buried']) {
      await remove(services.sourceUrl, `Patient/${id}`, true);
    }
    const id = await caughtUp();
    await looked(id);
    expect(await removedBy(id)).toEqual(
      ['buried', 'crowd-1', 'crowd-300', 'crowd-619'].map((one) => `hard-deleted Patient/${one}`),
    );
    expect(await statusOf(services.targetUrl, 'Patient/buried')).toBe(404);
  }, 60_000);

  it('looks once into what the target has more of for another reason', async () => {
    await both(alike('odd', 3));
    // An earlier life, of which the source no longer has the versions.
    const former = [1, 2].map((version) => ({
      ...patientOf('odd-0'),
      meta: { versionId: `${version + 1}`, lastUpdated: `2026-01-02T00:00:0${version}.000Z` },
    }));
    await importLines(services, services.targetUrl, former);
    const id = await caughtUp();
    expect(await callsDuring(() => looked(id))).toBeGreaterThan(2);
    expect(await lookOf(id)).toMatchObject({ explained: { Patient: { excess: 2 } } });
    expect(await callsDuring(() => looked(id))).toBe(2);
    await remove(services.sourceUrl, 'Patient/odd-2', true);
    await looked(id);
    expect(await removedBy(id)).toEqual(['hard-deleted Patient/odd-2']);
  }, 60_000);

  it('looks again after twenty intervals: an id that was given again may be gone by then', async () => {
    await importLines(services, services.targetUrl, alike('twice', 1));
    await put(services.sourceUrl, patientOf('twice-0', 'second life'));
    const id = await caughtUp();
    await looked(id);
    expect(await removedBy(id)).toEqual([]);
    await remove(services.sourceUrl, 'Patient/twice-0', true);
    expect(await callsDuring(() => looked(id))).toBe(2);
    const look = await lookOf(id);
    if (look === undefined) throw new Error('no look');
    const explained = {
      Patient: { excess: 1, at: new Date(Date.now() - 6_001_000).toISOString() },
    };
    await services.store.deleteLooks.put(runsPartition, id, { ...look, explained });
    await looked(id);
    expect(await removedBy(id)).toEqual(['hard-deleted Patient/twice-0']);
  }, 60_000);

  it('expects nothing in the target that is in quarantine', async () => {
    await both(alike('sound', 3));
    await importLines(services, services.sourceUrl, alike('refused', 1));
    await remove(services.sourceUrl, 'Patient/sound-1', true);
    const id = await caughtUp();
    const [refused] = alike('refused', 1);
    await services.store.quarantine.put(id, 'one', {
      ...{
        window: 1,
        reference: 'Patient/refused-0',
        versionId: '1',
        cause: 'refused',
        remedy: '',
      },
      ...{ lastUpdated: refused?.meta.lastUpdated ?? null, file: 'f', offset: 0, bytes: 1 },
      at: day(2),
    });
    await looked(id);
    expect(await removedBy(id)).toEqual(['hard-deleted Patient/sound-1']);
  }, 60_000);
});

describe('nothing is removed from the target', () => {
  it.each([
    ['401', { status: 401 }],
    ['403', { status: 403 }],
    ['429', { status: 429, retryAfterMs: 0 }],
    ['500', { status: 500 }],
    ['a page of a gateway', { status: 404, body: '<html><h1>404 Not Found</h1></html>' }],
    ['a torn connection', { torn: 'before' }],
  ])(
    'on %s in place of an answer; the look is put off and goes on later',
    async (_, harm) => {
      await both(alike('asked', 3));
      await remove(services.sourceUrl, 'Patient/asked-1', true);
      const id = await caughtUp();
      await faulty({ method: 'GET', path: 'Patient/asked-1', times: 50, ...harm });
      expect(await looked(id)).toBe('put-off');
      await calm();
      expect(await statusOf(services.targetUrl, 'Patient/asked-1')).toBe(200);
      expect((await lookOf(id))?.problem).toMatch(/\w/);
      expect(await looked(id)).toBe('looked');
      expect(await statusOf(services.targetUrl, 'Patient/asked-1')).toBe(404);
      expect((await lookOf(id))?.problem).toBeNull();
    },
    60_000,
  );

  it('when the history is refused, or a read is stale', async () => {
    await both(alike('again', 3));
    await remove(services.sourceUrl, 'Patient/again-1', true);
    const id = await caughtUp();
    await faulty({ method: 'GET', path: 'Patient/again-1/_history', times: 50, status: 403 });
    expect(await looked(id)).toBe('put-off');
    await calm();
    await put(services.sourceUrl, patientOf('again-1', 'B'));
    // As it was before its last write: not there.
    await faulty({ method: 'GET', path: 'Patient/again-1$', times: 50, stale: true });
    expect(await looked(id)).toBe('looked');
    await calm();
    expect(await statusOf(services.targetUrl, 'Patient/again-1')).toBe(200);
    expect(await removedBy(id)).toEqual([]);
  }, 60_000);

  it('when the source lacks most of it: that is for a person to order', async () => {
    await importLines(services, services.targetUrl, alike('wrong', 1_100));
    const id = await caughtUp();
    expect(await looked(id)).toBe('put-off');
    expect((await lookOf(id))?.problem).toMatch(/lacks 1100 of 1100 .*FDS_MIGRATION_SOURCE_URL/);
    expect(await removedBy(id)).toEqual([]);
  }, 60_000);
});

describe('where not all versions are carried', () => {
  it('current resources are compared', async () => {
    await both(alike('current', 600));
    await put(services.sourceUrl, patientOf('current-1', 'changed'));
    await remove(services.sourceUrl, 'Patient/current-2', true);
    await remove(services.sourceUrl, 'Patient/current-3');
    const id = await caughtUp({ history: false });
    await looked(id);
    expect(await removedBy(id)).toEqual(['hard-deleted Patient/current-2']);
  }, 60_000);

  it('soft deletes are applied too when no export brings them', async () => {
    await both(alike('paged', 4));
    await remove(services.sourceUrl, 'Patient/paged-2', true);
    await remove(services.sourceUrl, 'Patient/paged-3');
    const id = await caughtUp({}, { exportDialect: null });
    await looked(id);
    expect(await removedBy(id)).toEqual([
      'hard-deleted Patient/paged-2',
      'deleted Patient/paged-3',
    ]);
  }, 60_000);
});
