import type { MigrationPlan } from '../../shared/migration/index.ts';

/** How soon a look at a job that is nearly over may come, as a part of the pause without an estimate. */
const soonest = 1 / 8;

/**
 * Seconds until the next look at a job: what the service asked for, else growing by a thirtieth from
 * look to look, and less where the job is expected to end before. So a job that says nothing of its
 * progress has ended for about a sixtieth of the time that it took when that is seen, one that does
 * for less, and a long job costs few looks: 125 until the pause is sixty times the first one.
 */
export function pollPause(
  { pollSeconds }: Pick<MigrationPlan, 'pollSeconds'>,
  looks: number,
  answer: PollAnswer,
): number {
  const { retryAfterSeconds = 0, secondsLeft = Number.POSITIVE_INFINITY } = answer;
  const own = Math.min(pollSeconds.most, pollSeconds.first * (31 / 30) ** Math.min(looks, 600));
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
