import { type Certainty, certain } from './certainty.ts';

/** From the first millisecond to before `to`, in epoch milliseconds; infinite ends are open. */
export interface DateRange {
  readonly from: number;
  readonly to: number;
}

const dateTime =
  /^(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?<time>T\d\d:\d\d(?<second>:\d\d(?<fraction>\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

/**
 * All instants that a FHIR date, dateTime or instant stands for (FHIR R4 2.24.0.1). Partial dates
 * have no time zone; they are read in UTC. Undefined when the text is no such date.
 */
export function rangeOfDate(text: string): DateRange | undefined {
  const parts = dateTime.exec(text)?.groups;
  if (parts === undefined) {
    return undefined;
  }
  return parts['time'] === undefined ? rangeOfDays(parts) : rangeOfInstant(text, parts);
}

/** A date as above, or `start/end` where either end may be absent. */
export function rangeOfInterval(text: string): DateRange | undefined {
  const [start = '', end, ...rest] = text.split('/');
  if (end === undefined) {
    return rangeOfDate(start);
  }
  return rest.length > 0 ? undefined : rangeOfPeriod(start || undefined, end || undefined);
}

/** A FHIR Period: an absent end is open, and a present one includes every instant it stands for. */
export function rangeOfPeriod(
  start: string | undefined,
  end: string | undefined,
): DateRange | undefined {
  const first = start === undefined ? Number.NEGATIVE_INFINITY : rangeOfDate(start)?.from;
  const last = end === undefined ? Number.POSITIVE_INFINITY : rangeOfDate(end)?.to;
  return first === undefined || last === undefined ? undefined : { from: first, to: last };
}

/** Does all of `inner` (`yes`), part of it (`unknown`) or nothing of it (`no`) lie within `outer`? */
export function within(inner: DateRange, outer: DateRange): Certainty {
  if (inner.from >= outer.from && inner.to <= outer.to) {
    return 'yes';
  }
  const isApart = inner.to <= outer.from || inner.from >= outer.to;
  return isApart ? 'no' : 'unknown';
}

export function covers(range: DateRange, instant: number): Certainty {
  return certain(instant >= range.from && instant < range.to);
}

type Parts = Readonly<Record<string, string | undefined>>;

function rangeOfDays({ year, month, day }: Parts): DateRange | undefined {
  const y = Number(year);
  const m = month === undefined ? 1 : Number(month);
  const d = day === undefined ? 1 : Number(day);
  const from = utc(y, m, d);
  const start = new Date(from);
  if (start.getUTCMonth() !== m - 1 || start.getUTCDate() !== d) {
    return undefined; // the calendar has no such month or day
  }
  if (day !== undefined) {
    return { from, to: utc(y, m, d + 1) };
  }
  return { from, to: month === undefined ? utc(y + 1, 1, 1) : utc(y, m + 1, 1) };
}

function rangeOfInstant(text: string, { year, month, day, second, fraction }: Parts) {
  const from = Date.parse(text);
  if (Number.isNaN(from) || rangeOfDays({ year, month, day }) === undefined) {
    return undefined;
  }
  if (fraction !== undefined) {
    return { from, to: from + 1 };
  }
  return { from, to: from + (second === undefined ? 60_000 : 1000) };
}

/** `Date.UTC` reads the years 0 to 99 as 1900 to 1999; this does not. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}
