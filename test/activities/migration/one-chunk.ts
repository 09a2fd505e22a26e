import { createMigrationActivities } from '../../../activities/migration/index.ts';
import { recordMoves } from '../../../activities/migration/moved-versions.ts';
import { OverlapKeys } from '../../../activities/migration/overlap.ts';
import { inside, migrationPlan, numbered, windowName } from '../../../shared/migration/index.ts';
import { recordStart } from '../../support/migration-run.ts';
import type { World } from '../../support/migration-world.ts';

/** A version of a Patient in the minute of the window, or a line that the target would refuse. */
export interface Line {
  readonly id: number;
  readonly version: number;
  readonly second: number;
  readonly trap: 'none' | 'id' | 'decimal' | 'no-json';
}

export interface ExportedFile {
  readonly lines: readonly Line[];
  readonly after: 'unchanged' | 'written again' | 'written late';
}

export interface OneChunk {
  readonly migrationId: string;
  readonly files: readonly ExportedFile[];
  /** Brought by the window before. */
  readonly known: readonly Line[];
  readonly moved: readonly Line[];
  /** Moved after the files were read ahead. */
  readonly movedLate: readonly Line[];
  readonly readAhead: boolean;
}

const window = 2;
const till = '2026-02-01T00:01:00.000Z';
const instantOf = ({ second }: Line): string =>
  `2026-02-01T00:00:${String(second).padStart(2, '0')}.000Z`;

function textOf(line: Line): string {
  const { id, version, trap } = line;
  if (trap === 'no-json') return '{"resourceType":"Patient",';
  return JSON.stringify({
    resourceType: 'Patient',
    id: trap === 'id' ? 'a_b' : `p${id}`,
    meta: { versionId: String(version), lastUpdated: instantOf(line) },
    ...(trap === 'decimal' ? { multipleBirthInteger: 'X' } : {}),
  }).replace('"X"', '1.2345678901234567890123');
}

/** An export of one chunk, staged by the real steps; with a reading ahead of what is there early. */
export async function exportOfOneChunk(world: World, chunk: OneChunk) {
  const { migrationId, files } = chunk;
  const container = `fds-${migrationId}-window-0000002-1`;
  await beginExport(world, { ...chunk, container });
  const early = files.map(({ lines, after }) => earlyLines[after] ?? lines);
  for (const [index, { after }] of files.entries()) {
    if (after !== 'written late') await writeFile(world, { container, index, lines: early[index] });
  }
  const opened: Record<'ahead' | 'staging', number[]> = { ahead: [], staging: [] };
  if (chunk.readAhead) {
    const { readAhead } = createMigrationActivities(watching(world, opened.ahead));
    await readAhead({ migrationId, window, seconds: 5, asked: false, lines: 0 });
  }
  await recordMoves(world.deps, migrationId, chunk.movedLate.map(moveOf));
  for (const [index, { lines, after }] of files.entries()) {
    if (after !== 'unchanged') await writeFile(world, { container, index, lines });
  }
  const urls = files.map((_, index) => world.blobs.urlOf(container, nameOf(index)));
  await world.deps.store.chunks.put(inside(migrationId, windowName(window)), numbered(1), {
    ...{ number: 1, type: 'Patient', requiresAccessToken: false },
    files: urls.map((url) => ({ url, count: null })),
  });
  const { stageChunk } = createMigrationActivities(watching(world, opened.staging));
  await stageChunk({ migrationId, window, chunk: 1 });
  return { migrationId, opened };
}

/** Of a file that is written again before the job has ended. */
const earlyLines: Partial<Record<ExportedFile['after'], readonly Line[]>> = {
  'written again': [{ id: 9, version: 9, second: 59, trap: 'none' }],
};

const nameOf = (index: number): string => `20260301T000000-7/Patient-${index + 1}-1.ndjson`;

interface Content {
  readonly container: string;
  readonly index: number;
  readonly lines: readonly Line[] | undefined;
}

export async function writeFile(
  { blobs }: World,
  { container, index, lines = [] }: Content,
): Promise<void> {
  const content = Buffer.from(lines.map((line) => `${textOf(line)}\n`).join(''));
  await blobs.write(container, nameOf(index), content);
}

const versionOf = (line: Line) => ({
  ...{ resourceType: 'Patient', id: `p${line.id}`, versionId: String(line.version) },
  lastUpdated: instantOf(line),
});

const moveOf = (line: Line) => ({
  ...{ reference: `Patient/p${line.id}`, versionId: String(line.version) },
  ...{ from: instantOf(line), to: '2026-02-01T00:00:59.500Z' },
});

/** Notes the numbers of the files that are opened. */
function watching({ deps }: World, opened: number[]): World['deps'] {
  const { source } = deps.ends;
  const openFile: typeof source.openFile = (file, access) => {
    opened.push(Number(/Patient-(\d+)-1/.exec(file.url)?.[1]));
    return source.openFile(file, access);
  };
  return { ...deps, ends: { ...deps.ends, source: { ...source, openFile } } };
}

/** The second window of a migration, of ten versions, of which nothing is exported yet. */
export async function beginExport(
  world: World,
  {
    migrationId,
    container,
    ...chunk
  }: Pick<OneChunk, 'migrationId' | 'known' | 'moved'> & { readonly container: string },
): Promise<void> {
  await world.blobs.ensureContainer(container);
  await world.blobs.ensureContainer(`fds-${migrationId}-staging`);
  const known = new OverlapKeys(till, 60);
  for (const line of chunk.known) known.add(versionOf(line));
  await known.keep(world.deps, { migrationId, window: window - 1, type: 'Patient' }, 1);
  await recordMoves(world.deps, migrationId, chunk.moved.map(moveOf));
  const { store } = world.deps;
  const name = windowName(window);
  await recordStart({ ...world, migrationId }, migrationPlan.parse({ overlapSeconds: 30 }));
  await store.windows.put(migrationId, numbered(window), {
    ...{ number: window, since: '2026-02-01T00:00:00.000Z', till, state: 'exporting' },
    ...{ expected: 10, batches: 0, ledger: {}, bytes: 0, startedAt: till, closedAt: null },
  });
  await store.extracts.put(migrationId, name, {
    ...{ name, side: 'source', since: null, till, expected: 10, attempt: 1, state: 'running' },
    ...{ chunks: 0, lines: 0, shortLooks: 0, maxCount: null },
  });
  await store.jobs.put(migrationId, `${name}!001`, {
    ...{ kind: 'export', purpose: name, side: 'source', attempt: 1, state: 'running' },
    ...{ statusUrl: 'x', container, intendedAt: till, endedAt: null },
    pollSeconds: { first: 2, most: 60 },
  });
}

/** Everything that staging a chunk leaves, without what differs from migration to migration. */
export async function whatIsStaged(
  { deps, blobs }: World,
  { migrationId }: { readonly migrationId: string },
) {
  const staged = await deps.store.staged.list(inside(migrationId, windowName(window)));
  const contents = staged.map(({ files }) =>
    Promise.all(files.map(({ url }) => textAt(blobs, url))),
  );
  const kept: [string, string][] = [];
  for await (const { name, url } of blobs.list(`fds-${migrationId}-staging`)) {
    if (!name.includes('/ahead/')) kept.push([name, await textAt(blobs, url)]);
  }
  const quarantined = await deps.store.quarantine.list(migrationId);
  const found = { staged, kept, quarantined, contents: await Promise.all(contents) };
  return JSON.parse(
    JSON.stringify(found)
      .replaceAll(migrationId, 'ID')
      .replaceAll(/"etag":"[^"]*"/g, '"etag":""'),
  );
}

async function textAt(blobs: World['blobs'], url: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return Buffer.concat(parts).toString('base64');
}
