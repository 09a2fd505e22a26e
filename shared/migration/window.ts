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
  /** The window before, where there is one: it tells how close versions come. */
  readonly previous?: SizedRange;
}

/** Halving goes down to this; a fuller stretch than the limit goes ahead as it is. */
const shortest = 1;

/** A window this full is taken; many counts later, one that is half full. */
const full = 0.85;
const halfFull = 0.5;
/** The search aims below the limit: a little too much costs another count. */
const aim = 0.95;
const patience = 12;
/** A guess takes away at least this part of what is left. */
const leastGain = 0.05;

/**
 * The next window: the longest stretch from `since` that keeps to the limit, or nearly so: 85 %
 * full where versions are spread evenly enough, else at least half. Empty stretches merge with what
 * follows. Undefined when nothing is left. Asks for few counts, because a count is costly at scale
 * (facts/migration.md §2.4): one, mostly, when the window before tells how far to go.
 */
export async function nextWindow(request: WindowRequest): Promise<SizedRange | undefined> {
  const { since, till, limit, count } = request;
  if (since >= till) return undefined;
  const hint = hintOf(request);
  const hinted = hint === undefined ? 0 : await count({ since, till: hint });
  if (hint !== undefined && hinted > limit) {
    return search(request, { fits: since, fitsCount: 0, tooFull: hint, tooFullCount: hinted });
  }
  if (hint !== undefined && hinted >= limit * full) return { since, till: hint, count: hinted };
  const all = await count({ since, till });
  if (all === 0) return undefined;
  if (all <= limit) return { since, till, count: all };
  const fits = hint ?? since;
  return search(request, { fits, fitsCount: hinted, tooFull: till, tooFullCount: all });
}

/** How far the window would reach if versions came as they did in the one before. */
function hintOf({ since, till, limit, previous }: WindowRequest): string | undefined {
  if (previous === undefined || previous.count === 0) return undefined;
  const span =
    millisecondsBetween(previous.since, previous.till) * ((limit * aim) / previous.count);
  const reach = Date.parse(since) + Math.max(shortest, Math.round(span));
  return reach < Date.parse(till) ? at(reach) : undefined;
}

interface Bounds {
  /** The stretch up to here keeps to the limit; that up to `tooFull` does not. */
  readonly fits: string;
  readonly fitsCount: number;
  readonly tooFull: string;
  readonly tooFullCount: number;
}

/** Goes where versions are expected by those before, as long as that at least halves what is left. */
async function search(request: WindowRequest, bounds: Bounds): Promise<SizedRange> {
  const { since, limit, count } = request;
  let { fits, fitsCount, tooFull, tooFullCount } = bounds;
  let isGuessing = true;
  for (let asked = 0; ; asked += 1) {
    const enough = asked < patience ? full : halfFull;
    const width = millisecondsBetween(fits, tooFull);
    if (fitsCount >= limit * enough || width <= shortest) break;
    const share = (limit * aim - fitsCount) / (tooFullCount - fitsCount);
    const till = between(fits, tooFull, isGuessing ? share : 1 / 2);
    const found = await count({ since, till });
    if (found > limit) [tooFull, tooFullCount] = [till, found];
    else [fits, fitsCount] = [till, found];
    isGuessing = millisecondsBetween(fits, tooFull) <= width / 2;
  }
  return fitsCount > 0
    ? { since, till: fits, count: fitsCount }
    : { since, till: tooFull, count: tooFullCount };
}

/** An instant between two, neither of them; by whole milliseconds. */
function between(one: string, other: string, share: number): string {
  const kept = Math.min(1 - leastGain, Math.max(leastGain, share));
  const from = Date.parse(one);
  const to = Date.parse(other);
  return at(Math.min(to - 1, Math.max(from + 1, Math.floor(from + (to - from) * kept))));
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
