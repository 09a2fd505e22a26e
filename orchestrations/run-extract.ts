import type {
  Blocked,
  MigrationActivities,
  PolledExtract,
  ReadAhead,
  ReadAheadInput,
} from '../activities/migration/index.ts';
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
  /** Lines of its files that were read in earlier generations. */
  readonly lines?: number | undefined;
  /** A window of the copy: its files are read in the pauses between looks. */
  readonly window?: number | undefined;
}

type PauseToUse = Omit<ReadAheadInput, 'migrationId' | 'window'>;

type Extracted = { readonly kind: 'ready'; readonly chunks: number };

/**
 * One `$export` job from its start to its files, started anew when it comes to nothing; where a
 * service has no `$export`, page after page in its place.
 */
export function* runExtract(
  context: OrchestrationContext,
  { looks, lines, rounds, window, ...place }: ExtractRun,
): Orchestration<Extracted | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  for (let before = { looks, lines }; ; before = { looks: 0, lines: 0 }) {
    const started = yield* steps.startExtract(place);
    if (started.kind === 'blocked') return started;
    if (started.kind === 'settling') {
      yield* pause(context, started.seconds);
      continue;
    }
    if (started.kind === 'pages') return yield* pullAll(context, place, rounds);
    const ended = yield* untilEnded(context, { ...place, ...before, rounds, window });
    if (ended.kind !== 'again') return ended;
  }
}

function* untilEnded(
  context: OrchestrationContext,
  { rounds, window, migrationId, extract, ...before }: ExtractRun,
): Orchestration<Exclude<PolledExtract, { readonly kind: 'running' }> | Blocked | GoesOn> {
  const steps = stepsOf<MigrationActivities>(context, remoteCall);
  let { looks, lines = 0 } = before;
  while (rounds.take()) {
    const polled = yield* steps.pollExtract({ migrationId, extract, looks });
    if (polled.kind !== 'running') return polled;
    const given: PauseToUse = { seconds: polled.seconds, asked: polled.asked, lines };
    const read =
      window === undefined
        ? nothingRead(given)
        : yield* steps.readAhead({ migrationId, window, ...given });
    if (read.seconds > 0) yield* pause(context, read.seconds);
    ({ lines } = read);
    // All that was counted is there: the job is about to say that it has ended.
    looks = read.complete ? 0 : looks + 1;
  }
  return { kind: 'goes-on', progress: { looks, lines } };
}

const nothingRead = ({ seconds, lines }: PauseToUse): ReadAhead => ({
  kind: 'read',
  seconds,
  lines,
  complete: false,
});

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
