const slotsPerMillisecond = 4096;

/** The last instant written out: a write needs its text three times, a batch often more. */
let known = { milliseconds: Number.NaN, text: '' };

/** The lastUpdated instant of a row, as FHIR text with milliseconds in UTC. */
export function lastUpdatedOf(seq: number): string {
  const milliseconds = Math.floor(seq / slotsPerMillisecond);
  if (milliseconds !== known.milliseconds) {
    known = { milliseconds, text: new Date(milliseconds).toISOString() };
  }
  return known.text;
}

/** The first `seq` that a resource updated at this millisecond can have. */
export function firstSeqAt(milliseconds: number): number {
  return milliseconds * slotsPerMillisecond;
}

/**
 * Hands out row numbers that rise with every write, also when the machine's
 * clock steps back: then lastUpdated stays at the latest instant known.
 */
export function createClock(latest: number) {
  let last = latest;
  return {
    next(): number {
      last = Math.max(last + 1, Date.now() * slotsPerMillisecond);
      return last;
    },
  };
}
