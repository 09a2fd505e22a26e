import { z } from 'zod';
import { type Random, seededRandom } from '../seed/random.ts';
import { EventGridError } from './event-grid-error.ts';

const rate = z.number().min(0).max(1).default(0);

const faultsBody = z.strictObject({
  seed: z.int().default(1),
  /** Share of events that are delivered once more after a success. */
  duplicateRate: rate,
  /** Share of requests before which the queue is shuffled. */
  reorderRate: rate,
  /** Share of requests that are lost on the way; they are retried by the schedule. */
  dropRate: rate,
  /** Share of requests that arrive but whose answer is lost; they are retried by the schedule. */
  lostAnswerRate: rate,
});

export type FaultSettings = z.input<typeof faultsBody>;

/** Faults in force; the same seed and the same order of calls give the same faults. */
export interface Faults {
  settings: z.infer<typeof faultsBody>;
  random: Random;
}

export function createFaults(settings: FaultSettings = {}): Faults {
  const parsed = faultsBody.parse(settings);
  return { settings: parsed, random: seededRandom(parsed.seed) };
}

/**
 * Replaces the faults in force; what the body does not name is switched off.
 * @throws EventGridError 400 naming each wrong property
 */
export function setFaults(faults: Faults, body: unknown): void {
  const parsed = faultsBody.safeParse(body);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')}: ${issue.message}`,
    );
    throw new EventGridError(400, 'InvalidRequest', `Faults are not valid. ${problems.join('; ')}`);
  }
  faults.settings = parsed.data;
  faults.random = seededRandom(parsed.data.seed);
}
