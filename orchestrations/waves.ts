import type { Blocked, Later, MigrationActivities } from '../activities/migration/index.ts';
import type { GoesOn, Rounds } from './generations.ts';
import {
  all,
  fanOutStepsOf,
  type Orchestration,
  type OrchestrationContext,
  pause,
  type Step,
  type Steps,
} from './steps.ts';

/** About a day: pauses grow from 5 seconds to 5 minutes, as in `retry.ts`. */
const attempts = 290;

type ChunkEnding = { readonly kind: string } | Blocked | Later;

export interface Chunks {
  readonly count: number;
  /** The first ones, that earlier generations have handled. */
  readonly done?: number | undefined;
  readonly rounds: Rounds;
}

/**
 * Handles chunks up to number `count`, a few at a time. A fan-out step has no retry of its own, so
 * it answers `later` in place of throwing; a wave with such an answer, or of which the host loses a
 * step, is run again whole, which the steps allow. Undefined when all went well.
 */
export const inWaves = (
  context: OrchestrationContext,
  chunks: Chunks,
  step: ChunkStep,
): Orchestration<Blocked | GoesOn | undefined> => waves(context, chunks, { width: 2, step });

/** The same one after another: for steps that each take as much memory as there is to spare. */
export const inTurn = (
  context: OrchestrationContext,
  chunks: Chunks,
  step: ChunkStep,
): Orchestration<Blocked | GoesOn | undefined> => waves(context, chunks, { width: 1, step });

type ChunkStep = (chunk: number, steps: Steps<MigrationActivities>) => Step<ChunkEnding>;

interface Wave {
  /** Chunks side by side: one is read while another is looked at. More would only take more memory. */
  readonly width: 1 | 2;
  readonly step: ChunkStep;
}

function* waves(
  context: OrchestrationContext,
  { count, done = 0, rounds }: Chunks,
  { width, step }: Wave,
): Orchestration<Blocked | GoesOn | undefined> {
  const steps = fanOutStepsOf<MigrationActivities>(context);
  for (let first = done + 1; first <= count; first += width) {
    if (!rounds.take()) return { kind: 'goes-on', progress: { done: first - 1 } };
    const chunks = Array.from(
      { length: Math.min(width, count - first + 1) },
      (_, index) => first + index,
    );
    const problem = yield* wave(context, () => chunks.map((chunk) => step(chunk, steps)));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function* wave(
  context: OrchestrationContext,
  start: () => readonly Step<ChunkEnding>[],
): Orchestration<Blocked | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const endings = yield* allOrLost(context, start());
    const blocked = endings.find((ending): ending is Blocked => ending.kind === 'blocked');
    if (blocked !== undefined || endings.every(({ kind }) => kind !== 'later')) return blocked;
    yield* pause(context, Math.min(300, 5 * 2 ** Math.min(attempt, 10)));
  }
  return { kind: 'blocked', reason: 'Files cannot be handled for a day. See the log of the app.' };
}

function* allOrLost(
  context: OrchestrationContext,
  steps: readonly Step<ChunkEnding>[],
): Orchestration<readonly ChunkEnding[]> {
  try {
    return yield* all(context, steps);
  } catch {
    return [{ kind: 'later' }];
  }
}
