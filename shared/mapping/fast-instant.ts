/**
 * A complete FHIR dateTime or instant with a zone as UTC with whole seconds, read
 * in one pass; undefined for every other form, partial or wrong, which the caller
 * reads at leisure. Instants are the most frequent value that has to be converted.
 */
export function fastInstant(text: string): string | undefined {
  const month = pair(text, 5);
  const day = pair(text, 8);
  const hours = pair(text, 11);
  const minutes = pair(text, 14);
  const seconds = pair(text, 17);
  if (!hasSeparators(text)) return undefined;
  const isTime = hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && seconds >= 0;
  // Up to the 28th every month has the day; the rare others, and leap seconds, can wait.
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= 28;
  if (!isTime || !isDay || seconds > 59) return undefined;
  if (pair(text, 0) < 18 || pair(text, 2) < 0) return undefined;
  const offset = offsetMinutes(text, fractionEnd(text));
  if (offset === undefined) return undefined;
  const minute = hours * 60 + minutes - offset;
  if (minute >= 0 && minute < 1440) return text.slice(0, 10) + clock(minute) + tail(seconds);
  const moved = minute < 0 ? day - 1 : day + 1;
  if (moved < 1 || moved > 28 || minute < -1440 || minute >= 2880) return undefined;
  return text.slice(0, 8) + twoDigits(moved) + clock((minute + 1440) % 1440) + tail(seconds);
}

const [dash, dot, colon, plus] = [0x2d, 0x2e, 0x3a, 0x2b] as const;
const [letterT, letterZ, zero] = [0x54, 0x5a, 0x30] as const;

function hasSeparators(text: string): boolean {
  return (
    text.charCodeAt(4) === dash &&
    text.charCodeAt(7) === dash &&
    text.charCodeAt(10) === letterT &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon
  );
}

/** The number that two digits make; negative when they are none. */
function pair(text: string, position: number): number {
  const tens = text.charCodeAt(position) - zero;
  const units = text.charCodeAt(position + 1) - zero;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : -100;
}

/** Where the zone begins; a fraction needs a digit. */
function fractionEnd(text: string): number {
  if (text.charCodeAt(19) !== dot) return 19;
  let end = 20;
  while (text.charCodeAt(end) - zero >= 0 && text.charCodeAt(end) - zero <= 9) end += 1;
  return end === 20 ? 19 : end;
}

function offsetMinutes(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if (sign === letterZ) return text.length === at + 1 ? 0 : undefined;
  if (text.length !== at + 6 || text.charCodeAt(at + 3) !== colon) return undefined;
  const size = pair(text, at + 1) * 60 + pair(text, at + 4);
  if (size < 0 || (sign !== plus && sign !== dash)) return undefined;
  return sign === plus ? size : -size;
}

/** `00` to `59`. */
const numerals: readonly string[] = Array.from({ length: 60 }, (_, value) =>
  String(value).padStart(2, '0'),
);

function twoDigits(value: number): string {
  return numerals[value] ?? '';
}

const clocks: readonly string[] = Array.from(
  { length: 1440 },
  (_, minute) => `T${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:`,
);
const tails: readonly string[] = numerals.map((seconds) => `${seconds}Z`);

const clock = (minute: number): string => clocks[minute] ?? '';
const tail = (seconds: number): string => tails[seconds] ?? '';
