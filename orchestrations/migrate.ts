import type {
  Blocked,
  IndexedSearchParameters,
  MigrationActivities,
} from '../activities/migration/index.ts';
import { childId } from './child-id.ts';
import type { PartEnding } from './generations.ts';
import type { MigrateWindowInput } from './migrate-window.ts';
import type { ProveEqualityInput } from './prove-equality.ts';
import { remoteCall } from './retry.ts';
import {
  all,
  child,
  inputOf,
  type Orchestration,
  type OrchestrationContext,
  pause,
  type Step,
  stepsOf,
} from './steps.ts';

export interface MigrateInput {
  readonly migrationId: string;
  /** Moves made so far, over all generations: it names the children. */
  readonly move: number;
}

/**
 * Moves a whole FHIR service: window after window, the next one exported while the last one is
 * imported, until it is stopped, or both sides are proven equal. One move to a generation; what
 * comes next is decided by a step from records and orders, so that pausing, stopping and changed
 * settings take effect between windows and never race with work.
 */
export function* migrate(context: OrchestrationContext): Orchestration<string> {
  const { migrationId, move: number } = inputOf<MigrateInput>(context);
  const steps = stepsOf<MigrationActivities>(context, remoteCall);

  const move = yield* steps.nextMove({ migrationId });
  switch (move.kind) {
    case 'end':
      return move.state;
    case 'blocked':
      yield* steps.recordBlock({ migrationId, reason: move.reason });
      break;
    case 'wait':
      yield* pause(context, move.seconds);
      break;
    case 'purge': {
      const purged = yield* steps.purgeStaging({ migrationId });
      if (purged.kind !== 'purged') yield* pause(context, purgeAgain);
      break;
    }
    case 'prepare':
      yield* prepare(context, migrationId);
      break;
    case 'find-deletes':
      // Where it is goes into its record: the next move goes on, or keeps to an order first.
      yield* steps.findHardDeletes({ migrationId });
      break;
    case 'copy':
      yield* copy(context, { migrationId, number, ...move });
      break;
    case 'prove':
      yield* prove(context, { migrationId, proof: move.proof, number });
      break;
  }
  context.df.continueAsNew({ migrationId, move: number + 1 });
  return 'goes on';
}

/** Seconds until a cleanup that failed is tried again; what keeps it from being done is in its record. */
const purgeAgain = 60;

/** Search parameters first: values are indexed while they are loaded, and no full reindex is needed. */
function* prepare(context: OrchestrationContext, migrationId: string): Orchestration<void> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let ready: Blocked | object = yield* steps.assess({ migrationId });
  if (!isBlocked(ready)) ready = yield* steps.carrySearchParameters({ migrationId });
  if (!isBlocked(ready)) ready = yield* untilSearchable(context, migrationId);
  if (isBlocked(ready)) yield* steps.recordBlock({ migrationId, reason: ready.reason });
  else yield* steps.recordPrepared({ migrationId });
}

const isBlocked = (ending: Blocked | object): ending is Blocked =>
  'kind' in ending && ending.kind === 'blocked';

/** Until the target can search by what was carried over. */
function* untilSearchable(
  context: OrchestrationContext,
  migrationId: string,
): Orchestration<Blocked | { readonly kind: 'indexed' }> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let job: string | null = null;
  for (let looks = 0; ; looks += 1) {
    const indexed: IndexedSearchParameters | Blocked = yield* steps.indexSearchParameters({
      ...{ migrationId, job, looks },
    });
    if (indexed.kind !== 'indexing') return indexed;
    job = indexed.job;
    yield* pause(context, indexed.seconds);
  }
}

interface Copying {
  readonly migrationId: string;
  readonly number: number;
  readonly importing: number | null;
  readonly exporting: number | null;
}

/** The overlap: one window goes into the target while the next one comes out of the source. */
function* copy(
  context: OrchestrationContext,
  { migrationId, number, importing, exporting }: Copying,
): Orchestration<void> {
  const parts: Step<PartEnding>[] = [];
  if (importing !== null)
    parts.push(
      part(context, { name: 'importWindow', number, input: { migrationId, window: importing } }),
    );
  if (exporting !== null)
    parts.push(
      part(context, { name: 'exportWindow', number, input: { migrationId, window: exporting } }),
    );
  yield* settle(context, migrationId, yield* all(context, parts));
}

function* prove(
  context: OrchestrationContext,
  { number, ...input }: ProveEqualityInput & { readonly number: number },
): Orchestration<void> {
  // Parameters that came between windows are searched by after the cut-over, too.
  const searchable = yield* untilSearchable(context, input.migrationId);
  if (searchable.kind === 'blocked') return yield* settle(context, input.migrationId, [searchable]);
  const ending = yield* child<object, PartEnding>(context, {
    name: 'proveEquality',
    instanceId: childId(context, `proof-${input.proof}-${number}`),
    input,
  });
  yield* settle(context, input.migrationId, [ending]);
}

interface Part {
  readonly name: 'importWindow' | 'exportWindow';
  /** Of the move: a window that is taken up again runs under another id. */
  readonly number: number;
  readonly input: MigrateWindowInput;
}

function part(context: OrchestrationContext, { name, number, input }: Part): Step<PartEnding> {
  const instanceId = childId(context, `${name}-${input.window}-${number}`);
  return child<object, PartEnding>(context, { name, instanceId, input });
}

function* settle(
  context: OrchestrationContext,
  migrationId: string,
  endings: readonly PartEnding[],
): Orchestration<void> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  const reasons = endings.flatMap((ending) => (ending.kind === 'blocked' ? [ending.reason] : []));
  if (reasons.length > 0) yield* steps.recordBlock({ migrationId, reason: reasons.join(' ') });
}
