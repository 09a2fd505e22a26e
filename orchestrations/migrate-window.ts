import type {
  Blocked,
  MigrationActivities,
  PolledImport,
  SettledImport,
} from '../activities/migration/index.ts';
import {
  type GoesOn,
  inGenerations,
  type PartEnding,
  type Progress,
  type Rounds,
} from './generations.ts';
import { remoteCall } from './retry.ts';
import { runExtract } from './run-extract.ts';
import { type Orchestration, type OrchestrationContext, pause, stepsOf } from './steps.ts';
import { inWaves } from './waves.ts';

export interface MigrateWindowInput {
  readonly migrationId: string;
  readonly window: number;
}

/** One window comes out of the source, and is put into files that import well. */
export function* exportWindow(context: OrchestrationContext): Orchestration<PartEnding> {
  try {
    return yield* inGenerations<MigrateWindowInput>(context, (input, rounds) =>
      exportPart(context, input, rounds),
    );
  } catch {
    return failedForADay;
  }
}

function* exportPart(
  context: OrchestrationContext,
  { migrationId, window, looks = 0, lines, done = 0 }: MigrateWindowInput & Progress,
  rounds: Rounds,
): Orchestration<PartEnding | GoesOn> {
  const extract = `window-${String(window).padStart(7, '0')}`;
  const exported = yield* runExtract(context, {
    migrationId,
    window,
    extract,
    rounds,
    looks,
    lines,
  });
  if (exported.kind !== 'ready') return exported;
  const { chunks: count } = exported;
  const problem = yield* inWaves(context, { count, done, rounds }, (chunk, { stageChunk }) =>
    stageChunk({ migrationId, window, chunk }),
  );
  if (problem !== undefined) return problem;
  const sealed = yield* seal(context, { migrationId, window }, rounds);
  // What was mended is in the records; the first staging of all chunks is over.
  return sealed.kind === 'goes-on' ? { ...sealed, progress: { done: count } } : sealed;
}

/** Chunks with lines that the target would refuse as they are come back once, to be staged mended. */
function* seal(
  context: OrchestrationContext,
  place: MigrateWindowInput,
  rounds: Rounds,
): Orchestration<PartEnding | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const sealed = yield* steps.sealStaging(place);
    if (sealed.kind === 'blocked') return sealed;
    if (sealed.kind === 'sealed') return { kind: 'done', lines: sealed.lines };
    const { chunks } = sealed;
    const count = chunks.length;
    const problem = yield* inWaves(context, { count, rounds }, (nth, { stageChunk }) =>
      stageChunk({ ...place, chunk: chunks[nth - 1] ?? 0 }),
    );
    if (problem !== undefined) return problem;
  }
}

/** One window goes into the target; every line of it ends loaded, present or quarantined. */
export function* importWindow(context: OrchestrationContext): Orchestration<PartEnding> {
  try {
    return yield* inGenerations<MigrateWindowInput>(context, (input, rounds) =>
      importPart(context, input, rounds),
    );
  } catch {
    return failedForADay;
  }
}

function* importPart(
  context: OrchestrationContext,
  {
    migrationId,
    window,
    looks = 0,
    done = 0,
    deletesApplied = false,
  }: MigrateWindowInput & Progress,
  rounds: Rounds,
): Orchestration<PartEnding | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  const place = { migrationId, window };
  const problem = deletesApplied
    ? undefined
    : yield* applyDeletes(context, { ...place, done }, rounds);
  if (problem !== undefined) return problem;
  const planned = yield* steps.planImport(place);
  if (planned.kind === 'blocked') return planned;
  const batches = [...planned.batches];
  let before = looks;
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    const settled = yield* importBatch(context, { ...place, batch, rounds, looks: before });
    if (settled.kind !== 'settled') return settled;
    batches.push(...settled.next);
    before = 0;
  }
  const closed = yield* steps.closeWindow(place);
  return closed.kind === 'blocked' ? closed : { kind: 'done', lines: closed.exported };
}

function* applyDeletes(
  context: OrchestrationContext,
  { done: before, ...place }: MigrateWindowInput & { readonly done: number },
  rounds: Rounds,
): Orchestration<Blocked | GoesOn | undefined> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let done = before;
  while (rounds.take()) {
    const applied = yield* steps.applyDeletes({ ...place, done });
    if (applied.kind === 'blocked') return applied;
    if (applied.kind === 'applied') return undefined;
    done = applied.done;
  }
  return { kind: 'goes-on', progress: { done } };
}

/** What still throws after a day of retries blocks the migration; the next attempt goes on from here. */
const failedForADay: PartEnding = {
  kind: 'blocked',
  reason: 'A step failed for a day. See the log of the app.',
};

interface BatchPlace extends MigrateWindowInput {
  readonly batch: string;
}

interface BatchRun extends BatchPlace {
  readonly rounds: Rounds;
  /** Looks at its job in earlier generations. */
  readonly looks: number;
}

/**
 * One `$import` operation: start, look until it has ended, account for every line. Where there is
 * no `$import`, Bundles in its place.
 */
function* importBatch(
  context: OrchestrationContext,
  { rounds, looks, ...place }: BatchRun,
): Orchestration<SettledImport | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let before = looks; ; before = 0) {
    const started = yield* steps.startImport(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settled') break;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'bundles') return yield* loadAll(context, place, rounds);
    const ended = yield* untilEnded(context, { ...place, rounds, looks: before });
    if (ended.kind === 'blocked' || ended.kind === 'goes-on') return ended;
    if (ended.kind === 'ended') break;
  }
  return yield* steps.settleImport(place);
}

function* untilEnded(
  context: OrchestrationContext,
  { rounds, looks: before, ...place }: BatchRun,
): Orchestration<Exclude<PolledImport, { readonly kind: 'running' }> | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let looks = before;
  while (rounds.take()) {
    const polled = yield* steps.pollImport({ ...place, looks });
    if (polled.kind !== 'running') return polled;
    yield* pause(context, polled.seconds);
    looks += 1;
  }
  return { kind: 'goes-on', progress: { looks, deletesApplied: true } };
}

function* loadAll(
  context: OrchestrationContext,
  place: BatchPlace,
  rounds: Rounds,
): Orchestration<SettledImport | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  while (rounds.take()) {
    const loaded = yield* steps.loadBundles(place);
    if (loaded.kind !== 'more') return loaded;
  }
  return { kind: 'goes-on', progress: { deletesApplied: true } };
}
