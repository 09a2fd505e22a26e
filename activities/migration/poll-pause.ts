import type { MigrationPlan } from '../../shared/migration/index.ts';

/**
 * Seconds until the next look at a job: what the service asked for, else growing by half from look
 * to look, so that a long job costs few looks and a short one little waiting.
 */
export function pollPause(
  { pollSeconds }: Pick<MigrationPlan, 'pollSeconds'>,
  looks: number,
  answer: { readonly retryAfterSeconds?: number } | object,
): number {
  const asked = 'retryAfterSeconds' in answer ? (answer.retryAfterSeconds ?? 0) : 0;
  const own = Math.min(pollSeconds.most, pollSeconds.first * 1.5 ** Math.min(looks, 40));
  return Math.max(own, Math.min(asked, 3600));
}
