import type { MigrationPlan } from '../../shared/migration/index.ts';

/** How soon a look at a job that is nearly over may come, as a part of the pause without an estimate. */
const soonest = 1 / 8;

/** A pause as a part of the time before it. */
const part = 1 / 30;

/**
 * Seconds until the next look at a job: what the service asked for, else a thirtieth of the time
 * that it has taken so far and never less than the first one, and less where the job is expected to
 * end before. So a job that says nothing of its progress has ended for about a sixtieth of the time
 * that it took when that is seen, one that does for less, and a long job costs few looks: 155 until
 * the pause is sixty times the first one.
 */
export function pollPause(
  { pollSeconds }: Pick<MigrationPlan, 'pollSeconds'>,
  looks: number,
  answer: PollAnswer,
): number {
  const { retryAfterSeconds = 0, secondsLeft = Number.POSITIVE_INFINITY } = answer;
  const grown = Math.min(600, Math.max(0, looks - 1 / part));
  const own = Math.min(pollSeconds.most, pollSeconds.first * (1 + part) ** grown);
  const least = Math.max(pollSeconds.first, own * soonest);
  return Math.max(least, Math.min(own, secondsLeft), Math.min(retryAfterSeconds, 3600));
}

export interface PollAnswer {
  /** Of an answer that says more. */
  readonly kind?: string;
  /** What the service asked for. */
  readonly retryAfterSeconds?: number | undefined;
  /** As estimated from its progress; undefined when it tells none. */
  readonly secondsLeft?: number | undefined;
}
