import type { Blocked, MigrationActivities, PolledExtract } from '../activities/migration/index.ts';
import { remoteCall } from './retry.ts';
import { type Orchestration, type OrchestrationContext, pause, stepsOf } from './steps.ts';

export interface ExtractPlace {
  readonly migrationId: string;
  readonly extract: string;
}

type Extracted = { readonly kind: 'ready'; readonly chunks: number };

/**
 * One `$export` job from its start to its files, started anew when it comes to nothing; where a
 * service has no `$export`, page after page in its place.
 */
export function* runExtract(
  context: OrchestrationContext,
  place: ExtractPlace,
): Orchestration<Extracted | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const started = yield* steps.startExtract(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'pages') return yield* pullAll(context, place);
    const ended = yield* untilEnded(context, place);
    if (ended.kind !== 'again') return ended;
  }
}

function* untilEnded(
  context: OrchestrationContext,
  place: ExtractPlace,
): Orchestration<Exclude<PolledExtract, { readonly kind: 'running' }> | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let looks = 0; ; looks += 1) {
    const polled = yield* steps.pollExtract({ ...place, looks });
    if (polled.kind !== 'running') return polled;
    yield* pause(context, polled.seconds);
  }
}

function* pullAll(
  context: OrchestrationContext,
  place: ExtractPlace,
): Orchestration<Extracted | Blocked> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (;;) {
    const pulled = yield* steps.pullPages(place);
    if (pulled.kind !== 'more') return pulled;
  }
}
