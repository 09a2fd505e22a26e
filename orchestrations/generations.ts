import type { Blocked } from '../activities/migration/index.ts';
import { inputOf, type Orchestration, type OrchestrationContext } from './steps.ts';

/** How a part of a migration ends. A part never throws: it runs beside others. */
export type PartEnding = { readonly kind: 'done'; readonly lines: number } | Blocked;

/** The part is not at its end: the next generation takes it up, with this beside its input. */
export interface GoesOn {
  readonly kind: 'goes-on';
  readonly progress: Progress;
}

/** What a generation tells the next one. All else is in the records of the migration. */
export interface Progress {
  /** Looks at the job under way, over all generations: pauses grow with them. */
  readonly looks?: number;
  /** Lines of an export under way that were read ahead. */
  readonly lines?: number;
  /** Chunks, or files of deletes, that are done. */
  readonly done?: number;
  /** Deletes come before all lines, and are applied. */
  readonly deletesApplied?: boolean;
}

/**
 * Rounds of one generation. What goes round and round (looks at a job of days, chunks of a large
 * window) goes on as a new generation: the history is read anew with every step, so one that grew
 * with the work would cost its square, in time and in memory.
 */
export class Rounds {
  #left: number;

  constructor(most = 60) {
    this.#left = most;
  }

  /** Takes one; false when none is left. */
  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/** Runs a part to its end, in as many generations as it takes. */
export function* inGenerations<Input extends object>(
  context: OrchestrationContext,
  part: (input: Input & Progress, rounds: Rounds) => Orchestration<PartEnding | GoesOn>,
): Orchestration<PartEnding> {
  const input = inputOf<Input & Progress>(context);
  const ending = yield* part(input, new Rounds());
  if (ending.kind !== 'goes-on') return ending;
  context.df.continueAsNew({ ...input, ...ending.progress });
  return { kind: 'done', lines: 0 };
}
