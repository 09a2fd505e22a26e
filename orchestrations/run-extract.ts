import type { Blocked, MigrationActivities } from '../activities/migration/index.ts';
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
  for (let looks = 0; ; looks += 1) {
    const started = yield* steps.startExtract(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'pages') return yield* pullAll(context, place);
    const polled = yield* steps.pollExtract({ ...place, looks });
    if (polled.kind === 'blocked' || polled.kind === 'ready') return polled;
    if (polled.kind === 'running') yield* pause(context, polled.seconds);
    else looks = 0;
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
