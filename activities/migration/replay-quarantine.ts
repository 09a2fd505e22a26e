import { scanResource } from '../../shared/bulk/index.ts';
import { isResourceId } from '../../shared/fhir/index.ts';
import {
  type MigrationStore,
  numbered,
  type QuarantinedVersion,
  type ReplayRecord,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { quarantineRow } from './quarantine.ts';
import { type LinesByType, openRepairWindow } from './repair-window.ts';
import { type Run, saveRun } from './run.ts';

/** Bytes of lines that are held at once. */
const mostBytes = 32_000_000;

/** What stays as it is however often it is tried: the line itself is at fault. */
const hopeless: readonly string[] = ['unreadable', 'invalid-id'];

/** Would this be tried again by a replay of the cause (of all causes when null)? */
export const isReplayable = (
  { cause, reference }: Pick<QuarantinedVersion, 'cause' | 'reference'>,
  wanted: string | null,
): boolean =>
  !hopeless.includes(cause) && !reference.includes('?') && (wanted === null || cause === wanted);

/**
 * Puts quarantined lines into a window of their own, once for each order, when it was ordered and
 * nothing else is under way.
 * @returns the window that is to be imported
 */
export async function openReplay(
  deps: MigrationDependencies,
  { run, orders }: Run,
): Promise<number | undefined> {
  const { replay } = orders;
  if (replay === undefined) return undefined;
  const done = await deps.store.replays.list(run.id);
  if (done.some(({ orderedAt }) => orderedAt === replay.at)) return undefined;
  const wanted: QuarantinedVersion[] = [];
  for await (const record of deps.store.quarantine.each(run.id)) {
    if (isReplayable(record, replay.cause)) wanted.push(record);
  }
  const window = await openRepairWindow(deps, run.id, linesOf(deps, wanted));
  // Cut after this, the window is loaded as one of no order, and the order is done after it.
  if (window !== undefined) await saveRun(deps.store, { ...run, windows: window });
  await deps.store.replays.put(run.id, replay.at, {
    orderedAt: replay.at,
    cause: replay.cause,
    window: window ?? null,
    settled: window === undefined,
    loaded: 0,
  });
  return window;
}

/** Each version once: overlapping windows can have quarantined it twice. */
async function* linesOf(
  { blobs }: MigrationDependencies,
  wanted: readonly QuarantinedVersion[],
): AsyncGenerator<LinesByType> {
  const seen = new Set<string>();
  let lines = new Map<string, Buffer[]>();
  let held = 0;
  for (const { reference, versionId, file, offset, bytes } of wanted) {
    const key = `${reference}/${versionId ?? ''}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const parts: Buffer[] = [];
    for await (const part of blobs.read(file, { offset, count: bytes })) parts.push(part);
    const line = Buffer.concat(parts);
    const scan = scanResource(line);
    if (scan.kind !== 'resource' || !isResourceId(scan.id)) continue;
    lines.set(scan.resourceType, [...(lines.get(scan.resourceType) ?? []), line]);
    held += bytes;
    if (held < mostBytes) continue;
    yield lines;
    lines = new Map();
    held = 0;
  }
  if (lines.size > 0) yield lines;
}

/**
 * When the window of a replay closes: what loaded leaves the quarantine, with a record of it; what
 * was refused again is in quarantine anew, from this window.
 */
export async function settleReplay(
  deps: MigrationDependencies,
  migrationId: string,
  window: number,
): Promise<void> {
  const replay = await replayOf(deps.store, migrationId, window);
  if (replay === undefined || replay.settled) return;
  const all: QuarantinedVersion[] = [];
  for await (const record of deps.store.quarantine.each(migrationId)) all.push(record);
  const keyOf = ({ reference, versionId }: QuarantinedVersion) => `${reference}/${versionId ?? ''}`;
  const again = new Set(all.filter((one) => one.window === window).map(keyOf));
  const old = all.filter((one) => one.window < window && isReplayable(one, replay.cause));
  let loaded = 0;
  for (const record of old) {
    if (!again.has(keyOf(record))) {
      loaded += 1;
      await keepReplayed(deps, migrationId, record);
    }
    await deps.store.quarantine.remove(migrationId, quarantineRow(record));
  }
  const settled: ReplayRecord = { ...replay, settled: true, loaded };
  await deps.store.replays.put(migrationId, replay.orderedAt, settled);
}

async function replayOf(
  store: MigrationStore,
  migrationId: string,
  window: number,
): Promise<ReplayRecord | undefined> {
  const replays = await store.replays.list(migrationId);
  return replays.find((replay) => replay.window === window);
}

async function keepReplayed(
  { store, now }: MigrationDependencies,
  migrationId: string,
  { reference, versionId, cause, window }: QuarantinedVersion,
): Promise<void> {
  const row = `replayed!${reference}!${versionId ?? ''}!${numbered(window)}`;
  await store.repairs.put(migrationId, row, {
    kind: 'replayed',
    reference,
    versionId,
    detail: `left quarantine (${cause})`,
    at: now().toISOString(),
  });
}
