/** Moments from `from` (included) to `to` (excluded), in milliseconds since 1970; open when undefined. */
export interface DateRange {
  readonly from?: number;
  readonly to?: number;
}

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const monthsOfPeriod = 3;

function day(moment: number): number {
  return Math.floor(moment / dayMs) * dayMs;
}

/** Weeks begin on Sunday. */
function week(moment: number): number {
  return day(moment) - new Date(moment).getUTCDay() * dayMs;
}

function month(moment: number, offset = 0): number {
  const date = new Date(moment);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
}

function year(moment: number, offset = 0): number {
  return Date.UTC(new Date(moment).getUTCFullYear() + offset, 0, 1);
}

function period(moment: number, offset = 0): number {
  const date = new Date(moment);
  const index = Math.floor(date.getUTCMonth() / monthsOfPeriod) + offset;
  return Date.UTC(date.getUTCFullYear(), index * monthsOfPeriod, 1);
}

/** The start of today, so many months on or back; the day is cut to the length of the month. */
function shiftedMonths(now: number, count: number): number {
  const date = new Date(day(now));
  const last = new Date(
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count + 1, 0),
  ).getUTCDate();
  return Date.UTC(
    date.getUTCFullYear(),
    date.getUTCMonth() + count,
    Math.min(date.getUTCDate(), last),
  );
}

/** From a moment up to now, which counts too. */
function since(from: number, now: number): DateRange {
  return { from, to: Math.floor(now / secondMs) * secondMs + secondMs };
}

type RangeOf = (now: number, first: number, second: number) => DateRange;

const days =
  (from: number, to: number): RangeOf =>
  (now) => ({
    from: day(now) + from * dayMs,
    to: day(now) + to * dayMs,
  });
const units =
  (start: (moment: number, offset?: number) => number, from: number): RangeOf =>
  (now) => ({ from: start(now, from), to: start(now, from + 1) });

/** The query functions over dates that take no value or whole numbers. */
export const dateFunctions: Readonly<Record<string, RangeOf>> = {
  Today: days(0, 1),
  Yesterday: days(-1, 0),
  Tomorrow: days(1, 2),
  Last7Days: (now) => since(day(now) - 7 * dayMs, now),
  Next7Days: (now) => ({ from: now, to: day(now) + 8 * dayMs }),
  LastWeek: (now) => ({ from: week(now) - 7 * dayMs, to: week(now) }),
  ThisWeek: (now) => ({ from: week(now), to: week(now) + 7 * dayMs }),
  NextWeek: (now) => ({ from: week(now) + 7 * dayMs, to: week(now) + 14 * dayMs }),
  LastMonth: units(month, -1),
  ThisMonth: units(month, 0),
  NextMonth: units(month, 1),
  LastYear: units(year, -1),
  ThisYear: units(year, 0),
  NextYear: units(year, 1),
  LastXHours: (now, count) => since(now - count * hourMs, now),
  NextXHours: (now, count) => ({ from: now, to: now + count * hourMs }),
  LastXDays: (now, count) => since(day(now) - count * dayMs, now),
  NextXDays: (now, count) => ({ from: now, to: day(now) + (count + 1) * dayMs }),
  LastXWeeks: (now, count) => since(day(now) - 7 * count * dayMs, now),
  NextXWeeks: (now, count) => ({ from: now, to: day(now) + (7 * count + 1) * dayMs }),
  LastXMonths: (now, count) => since(shiftedMonths(now, -count), now),
  NextXMonths: (now, count) => ({ from: now, to: shiftedMonths(now, count) + dayMs }),
  LastXYears: (now, count) => since(shiftedMonths(now, -12 * count), now),
  NextXYears: (now, count) => ({ from: now, to: shiftedMonths(now, 12 * count) + dayMs }),
  OlderThanXMinutes: (now, count) => ({ to: now - count * minuteMs }),
  OlderThanXHours: (now, count) => ({ to: now - count * hourMs }),
  OlderThanXDays: (now, count) => ({ to: day(now) - count * dayMs }),
  OlderThanXWeeks: (now, count) => ({ to: day(now) - 7 * count * dayMs }),
  OlderThanXMonths: (now, count) => ({ to: shiftedMonths(now, -count) }),
  OlderThanXYears: (now, count) => ({ to: shiftedMonths(now, -12 * count) }),
  LastFiscalPeriod: units(period, -1),
  ThisFiscalPeriod: units(period, 0),
  NextFiscalPeriod: units(period, 1),
  LastFiscalYear: units(year, -1),
  ThisFiscalYear: units(year, 0),
  NextFiscalYear: units(year, 1),
  LastXFiscalPeriods: (now, count) => ({ from: period(now, -count), to: period(now) }),
  NextXFiscalPeriods: (now, count) => ({ from: period(now, 1), to: period(now, count + 1) }),
  LastXFiscalYears: (now, count) => ({ from: year(now, -count), to: year(now) }),
  NextXFiscalYears: (now, count) => ({ from: year(now, 1), to: year(now, count + 1) }),
  InFiscalYear: (_, of) => ({ from: Date.UTC(of, 0, 1), to: Date.UTC(of + 1, 0, 1) }),
  InFiscalPeriodAndYear: (_, index, of) => ({
    from: Date.UTC(of, (index - 1) * monthsOfPeriod, 1),
    to: Date.UTC(of, index * monthsOfPeriod, 1),
  }),
  InOrAfterFiscalPeriodAndYear: (_, index, of) => ({
    from: Date.UTC(of, (index - 1) * monthsOfPeriod, 1),
  }),
  InOrBeforeFiscalPeriodAndYear: (_, index, of) => ({
    to: Date.UTC(of, index * monthsOfPeriod, 1),
  }),
};

/** The query functions that compare with the day of a given moment. */
export const dayFunctions: Readonly<Record<string, (moment: number) => DateRange>> = {
  On: (moment) => ({ from: day(moment), to: day(moment) + dayMs }),
  OnOrAfter: (moment) => ({ from: day(moment) }),
  OnOrBefore: (moment) => ({ to: day(moment) + dayMs }),
};

/** How many whole numbers a function of `dateFunctions` takes. */
export function valueCount(name: string): number {
  if (name.endsWith('FiscalPeriodAndYear')) {
    return 2;
  }
  return /X|^InFiscalYear$/.test(name) ? 1 : 0;
}
