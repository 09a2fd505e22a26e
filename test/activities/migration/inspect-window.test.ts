import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { inspectWindow } from '../../../activities/migration/inspect-window.ts';
import { keepVersionKeys } from '../../../activities/migration/key-files.ts';
import { mendsOf } from '../../../activities/migration/window-mends.ts';
import {
  inside,
  numbered,
  referenceHash,
  VersionKeyWriter,
  windowName,
} from '../../../shared/migration/index.ts';
import { sharedStorage, useMigrationWorlds } from '../../support/migration-suite.ts';
import { openWorld, type World } from '../../support/migration-world.ts';

useMigrationWorlds();

let world: World;
beforeAll(async () => {
  world = await openWorld({ storage: sharedStorage(), migrationId: 'inspected' });
  await world.blobs.ensureContainer('fds-inspected-staging');
  return () => world.close();
});

/** Versions of a few resources over a few chunks, their instants in no order. */
const anyVersions = fc.array(
  fc.record({
    resource: fc.nat(20),
    version: fc.integer({ min: 1, max: 6 }),
    at: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_020 }),
    chunk: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 60 },
);

let windows = 0;

type Versions = typeof anyVersions extends fc.Arbitrary<infer Value> ? Value : never;

async function mendsWith(versions: Versions, mostHeld: number) {
  windows += 1;
  const place = { migrationId: 'inspected', window: windows };
  for (const chunk of [1, 2, 3]) {
    const keys = new VersionKeyWriter();
    for (const { resource, version, at } of versions.filter((one) => one.chunk === chunk)) {
      keys.add({ ...referenceHash(`Observation/${resource}`), version, at, pinned: false });
    }
    await keepVersionKeys(world.deps, { ...place, chunk }, keys);
    const partition = inside('inspected', windowName(windows));
    await world.deps.store.chunks.put(partition, numbered(chunk), {
      ...{ number: chunk, type: 'Observation', files: [], requiresAccessToken: false },
      job: { migrationId: 'inspected', purpose: windowName(windows), attempt: 1 },
    });
  }
  const chunks = await inspectWindow(world.deps, { ...place, attempt: 1, mostHeld });
  const mends = await Promise.all(
    [...chunks].sort().map((chunk) => mendsOf(world.deps, { ...place, chunk })),
  );
  return mends.map((found) => [...(found?.moves ?? [])].sort());
}

it('a window that is looked at in many passes is mended like one that is held whole', async () => {
  await fc.assert(
    fc.asyncProperty(anyVersions, fc.integer({ min: 1, max: 12 }), async (versions, mostHeld) => {
      const whole = await mendsWith(versions, 1_000_000);
      expect(await mendsWith(versions, mostHeld)).toEqual(whole);
    }),
    { numRuns: 100 },
  );
});
