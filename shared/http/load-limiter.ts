/** What one finished request tells about the load of the server. */
export interface LoadSample {
  readonly milliseconds: number;
  /** Times are compared with those of the same kind only: reads cost other than writes. */
  readonly kind: string;
  /** Operations in the request: time is compared per operation. */
  readonly operations: number;
  /** `x-ms-dop-hint` of Dataverse: how many requests in flight the server wants (facts A6). */
  readonly parallelismHint?: number;
}

export interface LoadLimiter {
  /** Requests that may be in flight now, at least 1. */
  readonly limit: number;
  /** Waits for a turn, first come first served. */
  run<T>(task: () => Promise<T>): Promise<T>;
  observe(sample: LoadSample): void;
  /** The server said 429; nothing is admitted until the seconds that it asked for are over. */
  throttled(retryAfterSeconds?: number): void;
}

/** Part of a request's time that does not grow with its operations, in operations. */
const fixedShare = 4;
/** Below this, a rise is noise. */
const slowMilliseconds = 50;
const slowFactor = 3;
/** Slowness alone does not lower the limit below this: it may have a cause other than us. */
const slowFloor = 2;
/** Time in which lasting slowness becomes usual. */
const forgetMilliseconds = 600_000;

/** Usual and recent time per operation of one kind of request. */
interface Pace {
  usual: number;
  recent: number;
  at: number;
}

/** Follows down fast, and up with the clock, so that a burst of slow answers does not become usual. */
function follow(pace: Pace, time: number, now: number): void {
  const rise = Math.min(0.1, (now - pace.at) / forgetMilliseconds);
  pace.usual += (time - pace.usual) * (time < pace.usual ? 0.2 : rise);
  pace.recent += (time - pace.recent) * 0.3;
  pace.at = now;
}

/**
 * Additive increase, multiplicative decrease: each fast request adds 1/limit, 429 halves, and time
 * per operation at three times its usual level takes 30 %, because a server may slow down long before
 * it says 429, as Dataverse does (facts/reliability.md, fault 17). One decrease per round of requests in flight: those
 * sent before it tell nothing about the new limit.
 */
export function createLoadLimiter(ceiling: number): LoadLimiter {
  const waiting: (() => void)[] = [];
  let hint = ceiling;
  let limit = Math.min(4, ceiling);
  let inFlight = 0;
  const paces = new Map<string, Pace>();
  let samplesUntilDecrease = 0;
  let pausedUntil = 0;

  function admit(): void {
    if (performance.now() < pausedUntil) {
      return;
    }
    while (waiting.length > 0 && inFlight < Math.floor(limit)) {
      inFlight += 1;
      waiting.shift()?.();
    }
  }

  function decrease(factor: number, floor: number): void {
    if (samplesUntilDecrease > 0 || limit <= floor) {
      return;
    }
    limit = Math.max(floor, limit * factor);
    samplesUntilDecrease = inFlight;
  }

  function pause(milliseconds: number): void {
    const until = performance.now() + milliseconds;
    if (milliseconds > 0 && until > pausedUntil) {
      pausedUntil = until;
      // A timer may fire a little early by the finer clock: one millisecond more is never early.
      setTimeout(admit, milliseconds + 1);
    }
  }

  function isSlow({ milliseconds, operations, kind }: LoadSample): boolean {
    const now = performance.now();
    const time = milliseconds / (operations + fixedShare);
    const pace = paces.get(kind) ?? { usual: time, recent: time, at: now };
    paces.set(kind, pace);
    follow(pace, time, now);
    return milliseconds > slowMilliseconds && pace.recent > pace.usual * slowFactor;
  }

  return {
    get limit() {
      return Math.floor(limit);
    },
    async run(task) {
      await new Promise<void>((start) => {
        waiting.push(start);
        admit();
      });
      try {
        return await task();
      } finally {
        inFlight -= 1;
        admit();
      }
    },
    observe(sample) {
      hint = sample.parallelismHint ?? hint;
      samplesUntilDecrease = Math.max(0, samplesUntilDecrease - 1);
      if (isSlow(sample)) {
        decrease(0.7, slowFloor);
      } else {
        limit += 1 / limit;
      }
      limit = Math.max(1, Math.min(limit, hint, ceiling));
      admit();
    },
    throttled(retryAfterSeconds = 0) {
      samplesUntilDecrease = Math.max(0, samplesUntilDecrease - 1);
      decrease(0.5, 1);
      pause(retryAfterSeconds * 1000);
    },
  };
}
