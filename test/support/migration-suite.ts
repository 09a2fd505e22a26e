import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import { loadRun } from '../../activities/migration/index.ts';
import { type BlobAccount, startBlobAccount } from './migration-blob-account.ts';
import { expectOneJobEach, expectSound, soundCertificate } from './migration-checks.ts';
import { Passage, type Ran } from './migration-run.ts';
import { scheduleOf } from './migration-schedule.ts';
import { openWorld, type World } from './migration-world.ts';

let storage: BlobAccount;

export const sharedStorage = (): BlobAccount => storage;

/** To be called once at the top of a test file: a storage account for all its worlds, and time that stands still. */
export function useMigrationWorlds(): void {
  beforeAll(async () => {
    storage = await startBlobAccount();
  });
  afterAll(() => storage.close());
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());
}

/** Seeds of a test: one of `FAULT_SEED` alone when that is set, to look at a failure again. */
export function seedsFrom(first: number, count: number): readonly number[] {
  const asked = process.env['FAULT_SEED'];
  if (asked !== undefined) return [Number(asked)];
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Runs one schedule and checks its end; a failure says how to see it again, and what happened. */
export async function runSchedule(seed: number): Promise<Ran> {
  const schedule = scheduleOf(seed);
  const world = await openWorld({
    storage,
    migrationId: `s${seed}n${++opened}`,
    source: { clockOffsetMs: schedule.sourceSkew },
    target: { clockOffsetMs: schedule.targetSkew },
  });
  const passage = new Passage(world, schedule, () => expectOneJobEach(world));
  try {
    const ran = await passage.run();
    await expectSound(world, ran);
    return ran;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const writes = passage.writes.map((write) => `source: ${write}`);
    const story = [...(await whatIsLeft(world)), ...writes, ...passage.story.slice(-200)].join(
      '\n',
    );
    throw new Error(`FAULT_SEED=${seed} shows this again.\n${problem}\n${story}`, { cause: error });
  } finally {
    await world.close();
  }
}

let opened = 0;

/** References and causes only: what the run could not settle. */
async function whatIsLeft({ deps, blobs, migrationId }: World): Promise<readonly string[]> {
  const { run } = await loadRun(deps.store, migrationId);
  const quarantine = await deps.store.quarantine.list(migrationId);
  const repairs = await deps.store.repairs.list(migrationId);
  const certificate = await soundCertificate({ blobs, migrationId }).catch(() => undefined);
  return [
    `state ${run.state}: ${run.reason}`,
    ...quarantine.map((item) => `quarantined ${item.reference}/${item.versionId} ${item.cause}`),
    ...repairs.map((item) => `repaired ${item.reference}/${item.versionId} ${item.kind}`),
    ...(certificate?.differences.listed ?? []).map((item) => `differs ${JSON.stringify(item)}`),
  ];
}
