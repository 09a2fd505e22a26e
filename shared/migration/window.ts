/** A stretch of `_lastUpdated`, from `since` inclusive to `till` exclusive; ISO 8601 in UTC with milliseconds. */
export interface TimeRange {
  readonly since: string;
  readonly till: string;
}

export interface SizedRange extends TimeRange {
  /** Resource versions that the source counted in it. */
  readonly count: number;
}

export type CountRange = (range: TimeRange) => Promise<number>;

export interface WindowRequest extends TimeRange {
  /** Most resource versions in one window. */
  readonly limit: number;
  readonly count: CountRange;
}

/** Halving goes down to this; a fuller stretch than the limit goes ahead as it is. */
const shortest = 1;

/**
 * The next window: the longest stretch from `since` that keeps to the limit, or nearly so
 * (at least half full). Empty stretches merge with what follows. Undefined when nothing is left.
 * Asks for few counts, because a count is costly at scale (facts/migration.md §2.4).
 */
export async function nextWindow(request: WindowRequest): Promise<SizedRange | undefined> {
  const { since, till, limit, count } = request;
  if (since >= till) return undefined;
  const all = await count({ since, till });
  if (all === 0) return undefined;
  if (all <= limit) return { since, till, count: all };
  return search(request, { fits: since, fitsCount: 0, tooFull: till, tooFullCount: all });
}

interface Bounds {
  /** The stretch up to here keeps to the limit; that up to `tooFull` does not. */
  readonly fits: string;
  readonly fitsCount: number;
  readonly tooFull: string;
  readonly tooFullCount: number;
}

async function search(request: WindowRequest, bounds: Bounds): Promise<SizedRange> {
  const { since, limit, count } = request;
  let { fits, fitsCount, tooFull, tooFullCount } = bounds;
  while (fitsCount < limit / 2 && millisecondsBetween(fits, tooFull) > shortest) {
    const middle = halfway(fits, tooFull);
    const found = await count({ since, till: middle });
    if (found > limit) {
      tooFull = middle;
      tooFullCount = found;
    } else {
      fits = middle;
      fitsCount = found;
    }
  }
  return fitsCount > 0
    ? { since, till: fits, count: fitsCount }
    : { since, till: tooFull, count: tooFullCount };
}

function halfway(one: string, other: string): string {
  return at(Math.floor((Date.parse(one) + Date.parse(other)) / 2));
}

const millisecondsBetween = (one: string, other: string): number =>
  Date.parse(other) - Date.parse(one);

const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** An instant moved by seconds; never before 1900, where FHIR instants of services begin. */
export function moved(instant: string, seconds: number): string {
  return at(Math.max(Date.parse('1900-01-01T00:00:00Z'), Date.parse(instant) + seconds * 1000));
}

export const earlier = (one: string, other: string): string => (one < other ? one : other);
export const later = (one: string, other: string): string => (one > other ? one : other);
