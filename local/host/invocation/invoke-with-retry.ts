import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { InvocationResponse } from '../app/core-contract.ts';
import type { Invocation, Invoker } from './invoker.ts';

const seconds = z.looseObject({ seconds: z.number().optional() }).optional();

const schema = z.looseObject({
  maxRetryCount: z.number(),
  retryStrategy: z.enum(['fixedDelay', 'exponentialBackoff']),
  delayInterval: seconds,
  minimumInterval: seconds,
  maximumInterval: seconds,
});

/** Honours the function's own `retry` option, which on Azure is the host's work; -1 retries without end. */
export async function invokeWithRetry(
  invoker: Invoker,
  invocation: Invocation,
): Promise<InvocationResponse> {
  const policy = schema.safeParse(invocation.target.metadata.retryOptions);
  if (!policy.success) return invoker.invoke(invocation);
  const { maxRetryCount } = policy.data;
  for (let retryCount = 0; ; retryCount += 1) {
    try {
      return await invoker.invoke({ ...invocation, retryContext: { retryCount, maxRetryCount } });
    } catch (problem) {
      if (maxRetryCount >= 0 && retryCount >= maxRetryCount) throw problem;
      await pause(delayOf(policy.data, retryCount), undefined, { ref: false });
    }
  }
}

/** Milliseconds before the next attempt. */
function delayOf(policy: z.infer<typeof schema>, retryCount: number): number {
  if (policy.retryStrategy === 'fixedDelay') return (policy.delayInterval?.seconds ?? 0) * 1_000;
  const first = policy.minimumInterval?.seconds ?? 1;
  return Math.min(first * 2 ** retryCount, policy.maximumInterval?.seconds ?? 60) * 1_000;
}
