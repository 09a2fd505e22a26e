import type { MigrationPlan } from '../../shared/migration/index.ts';

/**
 * Seconds until the next look at a job: what the service asked for, else growing by a tenth from
 * look to look. So a job that has ended waits for about a twentieth of the time that it took, and a
 * long job costs few looks: 45 until the pause is sixty times the first one.
 */
export function pollPause(
  { pollSeconds }: Pick<MigrationPlan, 'pollSeconds'>,
  looks: number,
  answer: { readonly retryAfterSeconds?: number } | object,
): number {
  const asked = 'retryAfterSeconds' in answer ? (answer.retryAfterSeconds ?? 0) : 0;
  const own = Math.min(pollSeconds.most, pollSeconds.first * 1.1 ** Math.min(looks, 200));
  return Math.max(own, Math.min(asked, 3600));
}
