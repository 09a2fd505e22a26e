/** A token and the millisecond of its end, as `@azure/identity` returns them. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

export interface TokenCacheOptions {
  readonly acquire: () => Promise<IssuedToken>;
  /** Milliseconds since the epoch; default the system clock. */
  readonly now?: () => number;
}

const refreshBeforeMs = 300_000;
const tooCloseToEndMs = 30_000;
const pauseAfterFailureMs = 30_000;

/**
 * Keeps one token: asks once however many callers wait, renews it five minutes before its end, and
 * goes on with the old one while renewal fails and it still has 30 seconds, asking again no sooner
 * than 30 seconds later. Rejects with what `acquire` rejected with.
 */
export function cachedToken({ acquire, now = Date.now }: TokenCacheOptions): () => Promise<string> {
  let held: IssuedToken | undefined;
  let renewAt = 0;
  let pending: Promise<string> | undefined;

  async function renew(): Promise<string> {
    try {
      held = await acquire();
      renewAt = held.expiresOnTimestamp - refreshBeforeMs;
      return held.token;
    } catch (error) {
      if (held === undefined || held.expiresOnTimestamp - now() < tooCloseToEndMs) {
        throw error;
      }
      renewAt = now() + pauseAfterFailureMs;
      return held.token;
    }
  }

  return async () => {
    const usable = held !== undefined && held.expiresOnTimestamp - now() >= tooCloseToEndMs;
    if (held !== undefined && usable && now() < renewAt) {
      return held.token;
    }
    pending ??= renew().finally(() => {
      pending = undefined;
    });
    return await pending;
  };
}
