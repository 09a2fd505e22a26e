import type { Blocked, MigrationActivities, PolledExtract } from '../activities/migration/index.ts';
import type { GoesOn, Rounds } from './generations.ts';
import { remoteCall } from './retry.ts';
import { type Orchestration, type OrchestrationContext, pause, stepsOf } from './steps.ts';

export interface ExtractPlace {
  readonly migrationId: string;
  readonly extract: string;
}

export interface ExtractRun extends ExtractPlace {
  readonly rounds: Rounds;
  /** Looks at its job in earlier generations. */
  readonly looks: number;
}

type Extracted = { readonly kind: 'ready'; readonly chunks: number };

/**
 * One `$export` job from its start to its files, started anew when it comes to nothing; where a
 * service has no `$export`, page after page in its place.
 */
export function* runExtract(
  context: OrchestrationContext,
  { rounds, looks, ...place }: ExtractRun,
): Orchestration<Extracted | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let before = looks; ; before = 0) {
    const started = yield* steps.startExtract(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'pages') return yield* pullAll(context, place, rounds);
    const ended = yield* untilEnded(context, { ...place, rounds, looks: before });
    if (ended.kind !== 'again') return ended;
  }
}

function* untilEnded(
  context: OrchestrationContext,
  { rounds, looks: before, ...place }: ExtractRun,
): Orchestration<Exclude<PolledExtract, { readonly kind: 'running' }> | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let looks = before;
  while (rounds.take()) {
    const polled = yield* steps.pollExtract({ ...place, looks });
    if (polled.kind !== 'running') return polled;
    yield* pause(context, polled.seconds);
    looks += 1;
  }
  return { kind: 'goes-on', progress: { looks } };
}

function* pullAll(
  context: OrchestrationContext,
  place: ExtractPlace,
  rounds: Rounds,
): Orchestration<Extracted | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  while (rounds.take()) {
    const pulled = yield* steps.pullPages(place);
    if (pulled.kind !== 'more') return pulled;
  }
  return { kind: 'goes-on', progress: {} };
}
