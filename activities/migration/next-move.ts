import {
  type ExtractRecord,
  earlier,
  isAtRest,
  later,
  type MigrationPlan,
  moved,
  nextWindow,
  numbered,
  pauseLeft,
  type RunRecord,
  type SizedRange,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import { hasThawed, lookForFreeze } from './cut-over-freeze.ts';
import { isLookDue } from './delete-look.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { proofExtract } from './proof-files.ts';
import { openReplay } from './replay-quarantine.ts';
import { after, carriedBy, loadRun, type Run, runsPartition, saveRun } from './run.ts';

export interface NextMoveInput {
  readonly migrationId: string;
}

export type Move =
  /** Assess both sides and carry search parameters over. */
  | { readonly kind: 'prepare' }
  /** Import one window while the next is exported. */
  | { readonly kind: 'copy'; readonly importing: number | null; readonly exporting: number | null }
  /** Look for what was deleted for good in the source. */
  | { readonly kind: 'find-deletes' }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** Compare both sides, whole. */
  | { readonly kind: 'prove'; readonly proof: number }
  /** At rest: what is not needed any more is removed from storage and services. */
  | { readonly kind: 'purge' }
  | { readonly kind: 'end'; readonly state: RunRecord['state'] };

/** `_maxCount` of a service unless told otherwise: larger files spare the copying of small ones into larger. */
const usualMaxCount = 10_000;

/** How long a paused or blocked migration sleeps before it looks at its orders again. */
const look = 15;
const longestBlock = 900;

/**
 * Decides what a migration does next, from its records, its orders, the clock of the source and
 * what the source counts. Run twice it decides the same: a window that is planned and not yet
 * exported is found again.
 */
export function createNextMove(deps: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<Move> => {
    if (await isGone(deps, migrationId)) return { kind: 'end', state: 'stopped' };
    const loaded = await loadRun(deps.store, migrationId);
    const held = await heldBack(deps, loaded);
    if (held !== undefined) return held;
    const run = await released(deps, loaded.run);
    if (run.state === 'preparing') return { kind: 'prepare' };
    const seconds = restOfRound(deps, { ...loaded, run });
    if (seconds > 0) return { kind: 'wait', seconds: Math.min(look, seconds) };
    return copyOrProve(deps, { ...loaded, run });
  };
}

/** Its tables were restored from before it, or emptied: nobody can steer it, and its steps find nothing. */
async function isGone({ store }: MigrationDependencies, migrationId: string): Promise<boolean> {
  return (await store.runs.get(runsPartition, migrationId)) === undefined;
}

/** Stop, pause, pause hours, and the patience after a refusal. */
async function heldBack(
  deps: MigrationDependencies,
  { run, orders }: Run,
): Promise<Move | undefined> {
  const now = deps.now().toISOString();
  if (isAtRest(run.state)) return atRest(deps, run);
  if (orders.stop) {
    return atRest(deps, await saveRun(deps.store, after(run, 'stopped', { changedAt: now })));
  }
  const pause = orders.pause ? look : Math.min(look, pauseLeft(orders.plan.pauseHours, now));
  if (pause > 0 && (run.state === 'copying' || run.state === 'waiting' || run.state === 'paused')) {
    const reason = orders.pause ? 'paused by order' : 'pause hours';
    await saveRun(deps.store, { ...after(run, 'held', { changedAt: now }), reason });
    return { kind: 'wait', seconds: pause };
  }
  if (run.state === 'blocked') {
    const waited = (Date.parse(now) - Date.parse(run.changedAt)) / 1000;
    const patience = Math.min(longestBlock, look * 2 ** (run.blockedTimes - 1));
    if (waited < patience && orders.orderedAt <= run.changedAt) {
      return { kind: 'wait', seconds: Math.min(look, patience - waited) };
    }
  }
  return undefined;
}

async function atRest({ store }: MigrationDependencies, run: RunRecord): Promise<Move> {
  const cleanup = await store.cleanups.get(runsPartition, run.id);
  const isClean = cleanup?.state === 'done' && cleanup.of === run.changedAt;
  return isClean ? { kind: 'end', state: run.state } : { kind: 'purge' };
}

async function released(deps: MigrationDependencies, run: RunRecord): Promise<RunRecord> {
  if (run.state !== 'paused' && run.state !== 'blocked') return run;
  const changedAt = deps.now().toISOString();
  // Before the first window is planned nothing has been prepared for certain.
  if (run.begin === null && run.cursor === null && run.state === 'blocked') {
    return saveRun(deps.store, { ...run, state: 'preparing', reason: null, changedAt });
  }
  return saveRun(deps.store, after(run, 'released', { changedAt }));
}

/** Seconds until a copy that has caught up looks for changes again; an order ends the wait. */
function restOfRound({ now }: MigrationDependencies, { run, orders }: Run): number {
  const isWaiting = run.state === 'waiting' && orders.orderedAt <= run.changedAt;
  if (!isWaiting || orders.cutOver || orders.plan.cutOver === 'when-caught-up') return 0;
  const waited = (now().getTime() - Date.parse(run.changedAt)) / 1000;
  return Math.max(0, orders.plan.intervalSeconds - waited);
}

async function copyOrProve(deps: MigrationDependencies, loaded: Run): Promise<Move> {
  const open = await openWindows(deps, loaded.run);
  const loading = open.find(({ state }) => state === 'importing');
  const importing = loading?.number ?? null;
  const waiting = open.find(({ state }) => state === 'exporting')?.number ?? null;
  // Two that wait for their import, because the first was blocked: a third would hide it.
  if (waiting !== null || open.length > 1) {
    return { kind: 'copy', importing, exporting: waiting };
  }
  const replayed = importing === null ? await openReplay(deps, loaded) : undefined;
  if (replayed !== undefined) return { kind: 'copy', importing: replayed, exporting: null };
  if (await isLookDue(deps, loaded, loading)) return { kind: 'find-deletes' };
  const planned = await planNext(deps, loaded);
  if (planned.window !== null || importing !== null) {
    return { kind: 'copy', importing, exporting: planned.window };
  }
  return whenCaughtUp(deps, { ...loaded, run: planned.run });
}

/** At most two windows are open: the one that is imported and the one that is exported. */
async function openWindows(
  { store }: MigrationDependencies,
  { id, windows }: RunRecord,
): Promise<readonly WindowRecord[]> {
  const last = [windows - 1, windows].filter((number) => number >= 1);
  const found = await Promise.all(last.map((number) => store.windows.get(id, numbered(number))));
  return found
    .filter((window) => window !== undefined && window.state !== 'closed')
    .map((window) => window as WindowRecord);
}

interface Planned {
  readonly run: RunRecord;
  readonly window: number | null;
}

async function planNext(deps: MigrationDependencies, { run, orders }: Run): Promise<Planned> {
  const { plan } = orders;
  const { service } = deps.ends.source;
  const begin =
    run.begin ?? plan.from ?? (await service.edge('oldest', carriedBy({ run, orders }).history));
  if (begin === undefined) return { run, window: null };
  const [serverTime, previous] = await Promise.all([
    service.serverTime(),
    deps.store.windows.get(run.id, numbered(run.windows)),
  ]);
  const now = moved(serverTime, -plan.lagSeconds);
  const horizon = plan.till === null ? now : earlier(plan.till, now);
  const since = run.cursor ?? begin;
  const range = await nextWindow({
    ...(previous === undefined ? {} : { previous: { ...previous, count: previous.expected } }),
    since,
    till: horizon,
    limit: limitOf({ run, orders }),
    count: (stretch) =>
      service.count({
        ...stretch,
        types: plan.types,
        history: carriedBy({ run, orders }).everything,
      }),
  });
  const changedAt = deps.now().toISOString();
  if (range === undefined) {
    const cursor = later(since, horizon);
    return { run: await saveRun(deps.store, { ...run, begin, cursor }), window: null };
  }
  const number = run.windows + 1;
  await recordWindow(deps, { run: { ...run, begin }, number, range, plan });
  const event = run.state === 'copying' ? 'prepared' : 'found';
  const next = after(run, event, {
    changedAt,
    begin,
    cursor: range.till,
    windows: number,
    frozenAt: null,
  });
  return { run: await saveRun(deps.store, next), window: number };
}

function limitOf({ run, orders: { plan } }: Run): number {
  if (plan.pattern === 'lift-and-shift') return Number.MAX_SAFE_INTEGER;
  const byBytes = Math.floor(plan.windowBytes / run.bytesPerResource);
  return Math.max(1, Math.min(plan.windowResources, byBytes));
}

interface PlannedWindow {
  readonly run: RunRecord;
  readonly number: number;
  readonly range: SizedRange;
  readonly plan: MigrationPlan;
}

async function recordWindow(
  { store, now }: MigrationDependencies,
  { run, number, range, plan }: PlannedWindow,
): Promise<void> {
  const extract: ExtractRecord = {
    name: windowName(number),
    side: 'source',
    since:
      number === 1
        ? range.since
        : later(run.begin ?? range.since, moved(range.since, -plan.overlapSeconds)),
    till: range.till,
    expected: range.count,
    attempt: 0,
    state: 'planned',
    chunks: 0,
    lines: 0,
    shortLooks: 0,
    maxCount: plan.fileResources > usualMaxCount ? plan.fileResources : null,
  };
  await store.extracts.put(run.id, extract.name, extract);
  // After the extract: a window without one would be stuck.
  await store.windows.put(run.id, numbered(number), {
    number,
    since: range.since,
    till: range.till,
    state: 'exporting',
    expected: range.count,
    batches: 0,
    ledger: {},
    bytes: 0,
    startedAt: now().toISOString(),
    closedAt: null,
  });
}

/** Nothing is left to copy: wait for more, or make sure that the source is frozen and prove. */
async function whenCaughtUp(deps: MigrationDependencies, { run, orders }: Run): Promise<Move> {
  const { plan, cutOver } = orders;
  const changedAt = deps.now().toISOString();
  const cursor = run.cursor;
  const rangeDone = plan.till !== null && cursor !== null && cursor >= plan.till;
  const wanted = rangeDone || cutOver || plan.cutOver === 'when-caught-up';
  if (!wanted) {
    await saveRun(deps.store, {
      ...after(run, 'caughtUp', { changedAt }),
      changedAt,
      reason: `waits ${plan.intervalSeconds} s for more changes`,
    });
    return { kind: 'wait', seconds: Math.min(look, plan.intervalSeconds) };
  }
  // Frozen before, nothing copied since, still the same: a proof that was cut goes on where it was.
  const isStill = run.frozenAt !== null && !(await hasThawed(deps, { run, orders }));
  if (!rangeDone && !isStill) {
    const freeze = await lookForFreeze(deps, { run, orders });
    if (freeze.kind === 'waits') {
      const { reason } = freeze;
      await saveRun(deps.store, { ...after(run, 'caughtUp', { changedAt }), reason });
      return { kind: 'wait', seconds: Math.max(1, Math.min(look, plan.lagSeconds)) };
    }
  }
  const frozenAt = (isStill ? run.frozenAt : cursor) ?? changedAt;
  const proofs = await provenBefore(deps, run, frozenAt);
  await saveRun(deps.store, after(run, 'frozen', { changedAt, frozenAt, proofs }));
  return { kind: 'prove', proof: proofs + 1 };
}

/** A proof that was begun of another state of the source is left behind; the next has files of its own. */
async function provenBefore(
  { store }: MigrationDependencies,
  { id, proofs }: RunRecord,
  frozenAt: string,
): Promise<number> {
  const begun = await store.extracts.get(id, proofExtract(proofs + 1, 'source'));
  return begun === undefined || begun.till === frozenAt ? proofs : proofs + 1;
}
