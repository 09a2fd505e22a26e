import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, windowName } from '../../../shared/migration/index.ts';
import {
  importLines,
  type MovingServices,
  startMovingServices,
  verdictOf,
} from './moving-services.ts';

let services: MovingServices;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'traps-'));
  services = await startMovingServices({ sourceData: folder });
}, 120_000);
afterAll(async () => {
  await services.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (milliseconds: number): string =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + milliseconds).toISOString();

const versionOf = (id: string, version: number, milliseconds: number) => ({
  resourceType: 'Patient',
  id,
  meta: { versionId: String(version), lastUpdated: at(milliseconds) },
  name: [{ family: `v${version}` }],
});

describe('versions whose instants do not rise with their numbers', () => {
  it('are moved by the smallest number of milliseconds before the import, listed, and proven equal', async () => {
    await breakOrder(services);
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(moved.ledger['Patient']).toEqual({
      ...{ exported: 5, loaded: 5, present: 0, quarantined: 0 },
    });
    expect(
      moved.repairs.map(({ kind, reference, versionId, movedBy }) => [
        kind,
        reference,
        versionId,
        movedBy,
      ]),
    ).toEqual([
      ['moved-last-updated', 'Patient/equal', '1', -1],
      ['moved-last-updated', 'Patient/inverted', '1', -11],
    ]);
  }, 60_000);
});

describe('versions of one resource that come in different windows', () => {
  it('are moved when the target refuses the second, and the verdict stays equal', async () => {
    await importLines(services, services.sourceUrl, [
      versionOf('parted', 1, 1_000),
      versionOf('parted', 2, 2_000),
    ]);
    shift('parted', { version: 1, from: 1_000, to: 9_000_000 });
    const id = await services.start({ windowResources: 6, overlapSeconds: 0 });
    const moved = await services.run(id);
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect((await services.store.windows.list(id)).length).toBeGreaterThan(1);
    const parted = moved.repairs.filter(({ reference }) => reference === 'Patient/parted');
    expect(parted).toMatchObject([{ versionId: '1', movedBy: 1_999 - 9_000_000 }]);
  }, 60_000);
});

describe('more versions of one millisecond than an import operation takes well', () => {
  it('are parted over several operations, none with more than 10,000 of them', async () => {
    const crowd = Array.from({ length: 10_400 }, (_, index) => versionOf(`crowd-${index}`, 1, 500));
    await importLines(services, services.sourceUrl, crowd);
    const id = await services.start();
    const moved = await services.run(id);
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    const [window] = await services.store.windows.list(id);
    const batches = await services.store.batches.list(inside(id, windowName(window?.number ?? 0)));
    expect(batches.map(({ lines }) => lines).sort((one, other) => one - other)[0]).toBe(400);
  }, 120_000);
});

/** What concurrent writes can leave behind (facts/migration.md §2.3 rule 9), and no API can make. */
async function breakOrder({ sourceUrl }: MovingServices): Promise<void> {
  await importLines(services, sourceUrl, [
    versionOf('equal', 1, 50),
    versionOf('equal', 2, 60),
    versionOf('inverted', 1, 70),
    versionOf('inverted', 2, 80),
    versionOf('sound', 1, 90),
  ]);
  shift('equal', { version: 1, from: 50, to: 60 });
  shift('inverted', { version: 1, from: 70, to: 90 });
}

/** Gives a version of a patient another instant, in the database. */
function shift(
  id: string,
  { version, from, to }: { readonly version: number; readonly from: number; readonly to: number },
): void {
  const database = new DatabaseSync(join(folder, 'fhir.sqlite'));
  const rows = (to - from) * 1_000_000 + 4_321;
  database
    .prepare(
      'UPDATE resource SET seq = seq + ?, body = replace(body, ?, ?) WHERE id = ? AND version = ?',
    )
    .run(rows, at(from), at(to), id, version);
  database.close();
}
