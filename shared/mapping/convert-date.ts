import { blocking, type Conversion, replaced } from './conversion.ts';
import { fastInstant } from './fast-instant.ts';

const fhirDateTime =
  /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/** Dataverse stores no date before this year. */
const firstYear = 1753;
const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * FHIR date or dateTime to a date-only column: the calendar day as written,
 * never moved by a time zone. A partial date becomes its first day, with a warning.
 */
export function toDate(value: unknown): Conversion {
  const parts = dateParts(value);
  if (parts === undefined) return blocking('wrong-type', 'expected a FHIR date');
  if (parts.year < firstYear) return blocking('out-of-range', `before the year ${firstYear}`);
  return parts.partial ? partialDate(parts.day) : parts.day;
}

/**
 * FHIR date, dateTime or instant to a date-and-time column: UTC with whole
 * seconds, which is what Dataverse stores, so that comparing later is exact.
 * A date without time is midnight UTC.
 */
export function toDateTime(value: unknown): Conversion {
  const instant = typeof value === 'string' ? fastInstant(value) : undefined;
  if (instant !== undefined) return instant;
  const parts = dateParts(value);
  if (parts === undefined) return blocking('wrong-type', 'expected a FHIR date or dateTime');
  if (parts.year < firstYear) return blocking('out-of-range', `before the year ${firstYear}`);
  if (parts.partial) return partialDate(`${parts.day}T00:00:00Z`);
  return atOffset(parts);
}

/** Moving within the day is arithmetic; only the few that cross midnight need the calendar. */
function atOffset(parts: DateParts): string {
  const minutes = parts.minutes - parts.offsetMinutes;
  if (minutes >= 0 && minutes < 1440) {
    return `${parts.day}T${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${parts.seconds}Z`;
  }
  const midnight = Date.parse(`${parts.day}T00:00:00Z`);
  return `${new Date(midnight + minutes * 60_000).toISOString().slice(0, 17)}${parts.seconds}Z`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

interface DateParts {
  readonly year: number;
  /** The calendar day as written, `YYYY-MM-DD`, filled up with first days where it is partial. */
  readonly day: string;
  readonly minutes: number;
  readonly seconds: string;
  readonly offsetMinutes: number;
  readonly partial: boolean;
}

/** Reads by position, which the form has made sure of. */
function dateParts(value: unknown): DateParts | undefined {
  if (typeof value !== 'string' || !fhirDateTime.test(value)) return undefined;
  const partial = value.length < 10;
  const day = partial ? `${value}-01-01`.slice(0, 10) : value.slice(0, 10);
  const year = digitsAt(day, 0) * 100 + digitsAt(day, 2);
  if (!isCalendarDay(year, digitsAt(day, 5), digitsAt(day, 8))) return undefined;
  if (value.length < 16) return { ...midnight, year, day, partial };
  const hours = digitsAt(value, 11);
  const minutes = digitsAt(value, 14);
  const seconds = value.charAt(16) === ':' ? value.slice(17, 19) : '00';
  if (hours > 23 || minutes > 59 || seconds > '60') return undefined;
  return {
    year,
    day,
    minutes: hours * 60 + minutes,
    seconds: seconds === '60' ? leapSecond : seconds,
    offsetMinutes: offsetOf(value),
    partial,
  };
}

/** The number that two digits at a position make. */
function digitsAt(text: string, position: number): number {
  return text.charCodeAt(position) * 10 + text.charCodeAt(position + 1) - zeros;
}

/** What two digits 0 add up to as character codes. */
const zeros = 0x30 * 11;

const midnight = { minutes: 0, seconds: '00', offsetMinutes: 0 } as const;

/** FHIR allows second 60, which Dataverse does not. */
const leapSecond = '59';

function isCalendarDay(year: number, month: number, day: number): boolean {
  if (day < 1 || day > (monthLengths[month - 1] ?? 0)) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month !== 2 || day < 29 || leap;
}

function offsetOf(value: string): number {
  const sign = value.charAt(value.length - 6);
  if (value.endsWith('Z') || (sign !== '+' && sign !== '-')) return 0;
  const size = digitsAt(value, value.length - 5) * 60 + digitsAt(value, value.length - 2);
  return sign === '-' ? -size : size;
}

function partialDate(firstDay: string): Conversion {
  return replaced(
    'partial-date',
    'the day or month is not known; the first day is written',
    firstDay,
  );
}
