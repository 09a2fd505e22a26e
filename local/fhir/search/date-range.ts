/** A closed interval of instants in milliseconds since 1970. */
export interface DateRange {
  readonly low: number;
  readonly high: number;
}

const shape =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/;

/**
 * The interval that a FHIR date, dateTime or instant covers by its precision
 * (FHIR R4 search, "Implicit ranges"); undefined when the text is none. Times
 * without a zone are read as UTC.
 */
export function dateRange(text: string): DateRange | undefined {
  const span = usualSpan(text);
  const instant = span === undefined ? Number.NaN : Date.parse(text);
  if (span !== undefined && !Number.isNaN(instant)) {
    return { low: instant, high: instant + span - 1 };
  }
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const low = Date.UTC(
    Number(year),
    Number(month ?? 1) - 1,
    Number(day ?? 1),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
    fraction === undefined ? 0 : Math.floor(Number(fraction) * 1000),
  );
  const valid =
    Number(month ?? 1) <= 12 &&
    Number(day ?? 1) <= 31 &&
    Number(hour ?? 0) <= 24 &&
    !Number.isNaN(low);
  if (!valid) return undefined;
  const start = low - zoneOffset(zone);
  return { low: start, high: start + spanOf(match) - 1 };
}

/**
 * The span of a whole day, or of a second in UTC: what nearly every date is, and
 * what the engine itself reads. Not of the first century, which `Date.UTC` takes for another.
 */
function usualSpan(text: string): number | undefined {
  if (text.length === 10 && /^(?!00)\d{4}-\d\d-\d\d$/.test(text)) return 86_400_000;
  if (text.length === 20 && /^(?!00)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return 1000;
  return undefined;
}

function zoneOffset(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}

function spanOf(match: RegExpExecArray): number {
  const [, year, month, day, hour, , second, fraction] = match;
  if (fraction !== undefined) return 1;
  if (second !== undefined) return 1000;
  if (hour !== undefined) return 60_000;
  if (day !== undefined) return 86_400_000;
  const nextYear = month === undefined ? Number(year) + 1 : Number(year);
  const nextMonth = month === undefined ? 0 : Number(month);
  return Date.UTC(nextYear, nextMonth, 1) - Date.UTC(Number(year), Number(month ?? 1) - 1, 1);
}
