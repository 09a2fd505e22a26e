/**
 * Rows of one millisecond. Imports bring up to 80,000 of each type (facts,
 * migration 2.2). Times the milliseconds that is more than a number of
 * JavaScript holds exactly, so row numbers are bigints.
 */
export const slotsPerMillisecond = 1_000_000n;

/** Bounds that lie beyond every row number. */
export const beforeAllRows = -(2n ** 62n);
export const afterAllRows = 2n ** 62n;

/** The last instant written out: a write needs its text three times, a batch often more. */
let known = { milliseconds: Number.NaN, text: '' };

/** The lastUpdated instant of a row, as FHIR text with milliseconds in UTC. */
export function lastUpdatedOf(seq: bigint): string {
  const milliseconds = millisecondsOf(seq);
  if (milliseconds !== known.milliseconds) {
    known = { milliseconds, text: new Date(milliseconds).toISOString() };
  }
  return known.text;
}

/** The lastUpdated instant of a row in milliseconds since 1970. */
export function millisecondsOf(seq: bigint): number {
  const towardsZero = seq / slotsPerMillisecond;
  return Number(seq < 0n && seq % slotsPerMillisecond !== 0n ? towardsZero - 1n : towardsZero);
}

/** The first `seq` that a resource updated at this millisecond can have. */
export function firstSeqAt(milliseconds: number): bigint {
  return BigInt(milliseconds) * slotsPerMillisecond;
}

/**
 * Hands out row numbers that rise with every write, also when the machine's
 * clock steps back: then lastUpdated stays at the latest instant known.
 */
export function createClock(latest: bigint, now: () => number) {
  let last = latest;
  let latestImported = latest;
  return {
    /** `isTaken` says whether an import has used a row number before the clock came to it. */
    next(isTaken: (seq: bigint) => boolean): bigint {
      const start = firstSeqAt(now());
      last = start > last ? start : last + 1n;
      while (last <= latestImported && isTaken(last)) last += 1n;
      return last;
    },
    /** Takes note of a row number that an import chose. */
    observe(seq: bigint): void {
      if (seq > latestImported) latestImported = seq;
    },
  };
}

export type Clock = ReturnType<typeof createClock>;
