/** One field: which values of its range are allowed. */
type Field = ReadonlySet<number>;

interface FieldRange {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly words?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const ranges = [
  { name: 'second', low: 0, high: 59 },
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, words: months },
  { name: 'day of week', low: 0, high: 6, words: weekdays },
] as const satisfies readonly FieldRange[];

export type NcrontabResult =
  | { readonly kind: 'schedule'; readonly next: (after: Date) => Date | undefined }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * Parses an NCRONTAB expression: six fields, or five and the second 0, in UTC.
 * Unlike cron, day and day of week must both fit.
 * `next` gives the first fitting instant after another, undefined when none comes within eight years.
 */
export function parseNcrontab(expression: string): NcrontabResult {
  const words = expression.trim().split(/\s+/);
  const texts = words.length === 5 ? ['0', ...words] : words;
  if (texts.length !== 6) {
    return {
      kind: 'invalid',
      reason: `it has ${words.length} fields, not six: second minute hour day month day-of-week`,
    };
  }
  const fields: Field[] = [];
  for (const [index, range] of ranges.entries()) {
    const field = parseField(texts[index] ?? '', range);
    if (field === undefined)
      return { kind: 'invalid', reason: `its ${range.name} "${texts[index]}" is not valid` };
    fields.push(field);
  }
  const [seconds, minutes, hours, days, month, weekday] = fields;
  if (!seconds || !minutes || !hours || !days || !month || !weekday) {
    return { kind: 'invalid', reason: 'it has too few fields' };
  }
  const calendar = { seconds, minutes, hours, days, months: month, weekdays: weekday };
  return { kind: 'schedule', next: (after) => nextInstant(calendar, after) };
}

function parseField(text: string, range: FieldRange): Field | undefined {
  const allowed = new Set<number>();
  for (const part of text.split(',')) {
    const [span = '', stepText, ...more] = part.split('/');
    const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : 0;
    const bounds = boundsOf(span, range, stepText !== undefined);
    if (bounds === undefined || step === 0 || more.length > 0) return undefined;
    for (let value = bounds.low; value <= bounds.high; value += step) allowed.add(value);
  }
  return allowed;
}

function boundsOf(
  span: string,
  range: FieldRange,
  stepped: boolean,
): { readonly low: number; readonly high: number } | undefined {
  if (span === '*') return range;
  const [lowText = '', highText, ...more] = span.split('-');
  const low = numberOf(lowText, range);
  const high = highText === undefined ? (stepped ? range.high : low) : numberOf(highText, range);
  const valid = low !== undefined && high !== undefined && low <= high && more.length === 0;
  return valid ? { low, high } : undefined;
}

function numberOf(text: string, { low, high, words }: FieldRange): number | undefined {
  const word = words?.indexOf(text.slice(0, 3).toLowerCase()) ?? -1;
  if (word >= 0) return word + low;
  if (!/^\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= low && value <= high ? value : undefined;
}

interface Calendar {
  readonly seconds: Field;
  readonly minutes: Field;
  readonly hours: Field;
  readonly days: Field;
  readonly months: Field;
  readonly weekdays: Field;
}

const searchYears = 8;

/** Jumps over every month, day, hour and minute that cannot fit, so that even "29 February" takes few steps. */
function nextInstant(calendar: Calendar, after: Date): Date | undefined {
  const at = new Date(after);
  at.setUTCMilliseconds(0);
  at.setUTCSeconds(at.getUTCSeconds() + 1);
  const lastYear = at.getUTCFullYear() + searchYears;
  while (at.getUTCFullYear() <= lastYear) {
    if (!calendar.months.has(at.getUTCMonth() + 1)) {
      at.setUTCMonth(at.getUTCMonth() + 1, 1);
      at.setUTCHours(0, 0, 0);
    } else if (!calendar.days.has(at.getUTCDate()) || !calendar.weekdays.has(at.getUTCDay())) {
      at.setUTCDate(at.getUTCDate() + 1);
      at.setUTCHours(0, 0, 0);
    } else if (!calendar.hours.has(at.getUTCHours())) at.setUTCHours(at.getUTCHours() + 1, 0, 0);
    else if (!calendar.minutes.has(at.getUTCMinutes())) at.setUTCMinutes(at.getUTCMinutes() + 1, 0);
    else if (!calendar.seconds.has(at.getUTCSeconds())) at.setUTCSeconds(at.getUTCSeconds() + 1);
    else return at;
  }
  return undefined;
}
