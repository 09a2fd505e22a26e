import type {
  Blocked,
  MigrationActivities,
  PolledImport,
  SettledImport,
} from '../activities/migration/index.ts';
import { remoteCall } from './retry.ts';
import { runExtract } from './run-extract.ts';
import { inputOf, type Orchestration, type OrchestrationContext, pause, stepsOf } from './steps.ts';
import { inWaves } from './waves.ts';

export interface MigrateWindowInput {
  readonly migrationId: string;
  readonly window: number;
}

/** How a part of a migration ends. A part never throws: it runs beside others. */
export type PartEnding = { readonly kind: 'done'; readonly lines: number } | Blocked;

/** One window comes out of the source, and is put into files that import well. */
export function* exportWindow(context: OrchestrationContext): Orchestration<PartEnding> {
  const { migrationId, window } = inputOf<MigrateWindowInput>(context);
  try {
    const extract = `window-${String(window).padStart(7, '0')}`;
    const exported = yield* runExtract(context, { migrationId, extract });
    if (exported.kind === 'blocked') return exported;
    const problem = yield* inWaves(context, exported.chunks, (chunk, { stageChunk }) =>
      stageChunk({ migrationId, window, chunk }),
    );
    if (problem !== undefined) return problem;
    return yield* seal(context, { migrationId, window });
  } catch {
    return failedForADay;
  }
}

/** Chunks with lines that the target would refuse as they are come back once, to be staged mended. */
function* seal(
  context: OrchestrationContext,
  place: MigrateWindowInput,
): Orchestration<PartEnding> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const sealed = yield* steps.sealStaging(place);
    if (sealed.kind === 'blocked') return sealed;
    if (sealed.kind === 'sealed') return { kind: 'done', lines: sealed.lines };
    const { chunks } = sealed;
    const problem = yield* inWaves(context, chunks.length, (nth, { stageChunk }) =>
      stageChunk({ ...place, chunk: chunks[nth - 1] ?? 0 }),
    );
    if (problem !== undefined) return problem;
  }
}

/** One window goes into the target; every line of it ends loaded, present or quarantined. */
export function* importWindow(context: OrchestrationContext): Orchestration<PartEnding> {
  const { migrationId, window } = inputOf<MigrateWindowInput>(context);
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  try {
    const problem = yield* applyDeletes(context, { migrationId, window });
    if (problem !== undefined) return problem;
    const planned = yield* steps.planImport({ migrationId, window });
    if (planned.kind === 'blocked') return planned;
    const batches = [...planned.batches];
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const settled = yield* importBatch(context, { migrationId, window, batch });
      if (settled.kind === 'blocked') return settled;
      batches.push(...settled.next);
    }
    const closed = yield* steps.closeWindow({ migrationId, window });
    return closed.kind === 'blocked' ? closed : { kind: 'done', lines: closed.exported };
  } catch {
    return failedForADay;
  }
}

function* applyDeletes(
  context: OrchestrationContext,
  place: MigrateWindowInput,
): Orchestration<Blocked | undefined> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let done = 0; ; ) {
    const applied = yield* steps.applyDeletes({ ...place, done });
    if (applied.kind === 'blocked') return applied;
    if (applied.kind === 'applied') return undefined;
    done = applied.done;
  }
}

/** What still throws after a day of retries blocks the migration; the next attempt goes on from here. */
const failedForADay: PartEnding = {
  kind: 'blocked',
  reason: 'A step failed for a day. See the log of the app.',
};

interface BatchPlace extends MigrateWindowInput {
  readonly batch: string;
}

/**
 * One `$import` operation: start, look until it has ended, account for every line. Where there is
 * no `$import`, Bundles in its place.
 */
function* importBatch(
  context: OrchestrationContext,
  place: BatchPlace,
): Orchestration<SettledImport | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const started = yield* steps.startImport(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settled') break;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'bundles') return yield* loadAll(context, place);
    const ended = yield* untilEnded(context, place);
    if (ended.kind === 'blocked') return ended;
    if (ended.kind === 'ended') break;
  }
  return yield* steps.settleImport(place);
}

function* untilEnded(
  context: OrchestrationContext,
  place: BatchPlace,
): Orchestration<Exclude<PolledImport, { readonly kind: 'running' }> | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let looks = 0; ; looks += 1) {
    const polled = yield* steps.pollImport({ ...place, looks });
    if (polled.kind !== 'running') return polled;
    yield* pause(context, polled.seconds);
  }
}

function* loadAll(
  context: OrchestrationContext,
  place: BatchPlace,
): Orchestration<SettledImport | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const loaded = yield* steps.loadBundles(place);
    if (loaded.kind !== 'more') return loaded;
  }
}
