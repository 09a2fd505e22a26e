import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMigrationActivities } from '../../../activities/migration/index.ts';
import { sharedStorage, useMigrationWorlds } from '../../support/migration-suite.ts';
import { openWorld, type World } from '../../support/migration-world.ts';
import {
  beginExport,
  type ExportedFile,
  exportOfOneChunk,
  type Line,
  whatIsStaged,
  writeFile,
} from './one-chunk.ts';

useMigrationWorlds();

let world: World;
beforeAll(async () => {
  world = await openWorld({ storage: sharedStorage(), migrationId: 'ahead' });
  return () => world.close();
});

const anyLine: fc.Arbitrary<Line> = fc.record({
  id: fc.integer({ min: 1, max: 5 }),
  version: fc.integer({ min: 1, max: 4 }),
  /** The last second is read again by the next window. */
  second: fc.integer({ min: 0, max: 59 }),
  trap: fc.oneof(
    { weight: 30, arbitrary: fc.constant('none' as const) },
    { weight: 1, arbitrary: fc.constantFrom('id', 'decimal', 'no-json') },
  ),
});
const anyFile: fc.Arbitrary<ExportedFile> = fc.record({
  lines: fc.array(anyLine, { maxLength: 12 }),
  /** What became of it after it was read ahead. */
  after: fc.constantFrom('unchanged', 'unchanged', 'unchanged', 'written again', 'written late'),
});

let chunks = 0;

describe('files that are read while the export still runs', () => {
  it('are staged as if they had been read after it, whatever is in them and becomes of them', async () => {
    const anyChunk = fc.record({
      files: fc.array(anyFile, { minLength: 1, maxLength: 4 }),
      known: fc.array(anyLine, { maxLength: 3 }),
      moved: fc.array(anyLine, { maxLength: 2 }),
      movedLate: fc.array(anyLine, { maxLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(anyChunk, async (chunk) => {
        chunks += 1;
        const [ahead, after] = await Promise.all(
          [true, false].map(async (readAhead) => {
            const one = await exportOfOneChunk(world, {
              ...chunk,
              migrationId: `c${chunks}${readAhead ? 'a' : 'b'}`,
              readAhead,
            });
            return whatIsStaged(world, one);
          }),
        );
        expect(ahead).toEqual(after);
      }),
      { numRuns: 60 },
    );
  });

  it('are not read again, unless they were written again', async () => {
    const lines: readonly Line[] = [{ id: 1, version: 1, second: 4, trap: 'none' }];
    const files = (['unchanged', 'written again', 'written late'] as const).map((after) => ({
      ...{ lines, after },
    }));
    const { opened } = await exportOfOneChunk(world, {
      ...{ files, known: [], moved: [], movedLate: [], migrationId: 'opened', readAhead: true },
    });
    expect(opened.ahead).toEqual([1, 2]);
    expect(opened.staging).toEqual([2, 3]);
  });

  it('count as not read when another release kept them in another form', async () => {
    const lines: readonly Line[] = [{ id: 1, version: 1, second: 4, trap: 'none' }];
    const one = {
      files: [{ lines, after: 'unchanged' as const }],
      known: [],
      moved: [],
      movedLate: [],
    };
    const { migrationId } = await exportOfOneChunk(world, {
      ...{ ...one, migrationId: 'form', readAhead: true },
    });
    const staging = `fds-${migrationId}-staging`;
    for await (const { name } of world.blobs.list(staging, 'window-0000002/ahead/')) {
      await world.blobs.write(staging, name, Buffer.from('{"kind":"plain","form":2}\n'));
    }
    const { stageChunk } = createMigrationActivities(world.deps);
    expect(await stageChunk({ migrationId, window: 2, chunk: 1 })).toMatchObject({ lines: 1 });
  });

  it('are each read once, and all that was counted is told of once, with a short pause', async () => {
    const place = { migrationId: 'pace', container: 'fds-pace-window-0000002-1' };
    await beginExport(world, { ...place, known: [], moved: [] });
    const { readAhead } = createMigrationActivities(world.deps);
    const read = async (lines: number, asked = false) => {
      const { migrationId } = place;
      return readAhead({ migrationId, window: 2, seconds: 30, asked, lines });
    };
    const versions = (count: number): readonly Line[] =>
      Array.from({ length: count }, (_, at) => ({ id: at, version: 1, second: 1, trap: 'none' }));
    expect(await read(0)).toMatchObject({ lines: 0, seconds: 30, complete: false });
    await writeFile(world, { ...place, index: 0, lines: versions(6) });
    expect(await read(0)).toMatchObject({ lines: 6, seconds: 30, complete: false });
    await writeFile(world, { ...place, index: 1, lines: versions(4) });
    expect(await read(6)).toMatchObject({ lines: 10, seconds: 2, complete: true });
    expect(await read(10)).toMatchObject({ lines: 10, seconds: 30, complete: false });
  });

  it('do not cut short a pause that the service asked for, nor take longer than it', async () => {
    const place = { migrationId: 'asked', container: 'fds-asked-window-0000002-1' };
    await beginExport(world, { ...place, known: [], moved: [] });
    const lines: readonly Line[] = [{ id: 1, version: 1, second: 1, trap: 'none' }];
    for (const index of [0, 1, 2]) await writeFile(world, { ...place, index, lines });
    const { source } = world.deps.ends;
    const openFile: typeof source.openFile = (file, access) => {
      world.pass(20_000);
      return source.openFile(file, access);
    };
    const ends = { ...world.deps.ends, source: { ...source, openFile } };
    const { readAhead } = createMigrationActivities({ ...world.deps, ends });
    const read = (before: number, seconds: number) =>
      readAhead({ migrationId: 'asked', window: 2, seconds, asked: true, lines: before });
    expect(await read(0, 30)).toMatchObject({ lines: 2, seconds: 0 });
    expect(await read(9, 30)).toMatchObject({ lines: 10, seconds: 10, complete: true });
  });

  it('a trouble on the way is left to the staging, and missing records to the next look', async () => {
    const lines: readonly Line[] = [{ id: 1, version: 1, second: 4, trap: 'none' }];
    const place = await exportOfOneChunk(world, {
      ...{ files: [{ lines, after: 'unchanged' }], known: [], moved: [], movedLate: [] },
      ...{ migrationId: 'trouble', readAhead: false },
    });
    const { deps } = world;
    const broken = { ...deps.blobs, list: () => deps.blobs.read('https://elsewhere.test/a/b') };
    const { readAhead } = createMigrationActivities({ ...deps, blobs: broken as never });
    const asked = { migrationId: place.migrationId, window: 2, seconds: 5, asked: false, lines: 3 };
    const nothing = { kind: 'read', lines: 3, seconds: 5, complete: false };
    expect(await readAhead(asked)).toEqual(nothing);
    expect(await readAhead({ ...asked, migrationId: 'gone' })).toEqual(nothing);
  });
});
