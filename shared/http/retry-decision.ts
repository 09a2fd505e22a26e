import type { Answer, Attempt } from './attempt.ts';
import { parseRetryAfter } from './retry-after.ts';

/** What an attempt means for the next one. */
export type Verdict<Kind extends Answer> =
  | { readonly kind: 'final'; readonly response: Kind }
  | {
      readonly kind: 'transient';
      readonly repeatable: boolean;
      readonly retryAfterSeconds: number | undefined;
    };

const gatewayStatuses = new Set([502, 503, 504]);

/**
 * 429 is always repeatable (the server did not work on it), and so is a connection that never
 * stood. A torn connection or a gateway status may hide a committed write, so it is repeatable
 * only for idempotent requests. A timeout has already spent the caller's patience and is not repeated.
 */
export function judge<Kind extends Answer>(
  result: Attempt<Kind>,
  idempotent: boolean,
): Verdict<Kind> {
  if (result.kind === 'broken') {
    const repeatable = result.reason !== 'TIMEOUT' && (idempotent || !result.sent);
    return { kind: 'transient', repeatable, retryAfterSeconds: undefined };
  }
  const { status, headers } = result.response;
  const throttled = status === 429;
  if (!throttled && !gatewayStatuses.has(status)) {
    return { kind: 'final', response: result.response };
  }
  return {
    kind: 'transient',
    repeatable: throttled || idempotent,
    retryAfterSeconds: parseRetryAfter(headers, Date.now()),
  };
}

/**
 * Seconds to sleep before the next attempt: what the server asked for, else 0.1, 0.4, 1.6 …
 * halved at random so that clients that failed together do not return together.
 */
export function pauseSeconds(failures: number, retryAfterSeconds: number | undefined): number {
  const backoff = 0.1 * 4 ** (failures - 1) * (0.5 + Math.random() / 2);
  return retryAfterSeconds === undefined ? backoff : Math.max(retryAfterSeconds, backoff);
}
