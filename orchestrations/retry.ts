import { RetryOptions } from 'durable-functions';

/**
 * The retry policies of the orchestrations, by name. They own every retry
 * beyond the short transport hiccups that `shared/http` mends. `retryTimeout` is
 * never used: it hangs the instance (facts/durable-host.md 3.2).
 */

/**
 * A step that talks to FHIR, Dataverse or storage: from 5 seconds up to 5
 * minutes apart, for about a day. A service that is down for hours loses nothing.
 */
export const remoteCall = policy({ firstSeconds: 5, maxSeconds: 300, attempts: 290 });

function policy(options: {
  readonly firstSeconds: number;
  readonly maxSeconds: number;
  readonly attempts: number;
}): RetryOptions {
  const retry = new RetryOptions(options.firstSeconds * 1000, options.attempts);
  retry.backoffCoefficient = 2;
  retry.maxRetryIntervalInMilliseconds = options.maxSeconds * 1000;
  return retry;
}
