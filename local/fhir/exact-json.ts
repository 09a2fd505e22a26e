import { randomUUID } from 'node:crypto';
import { endOfString } from './json-text.ts';

/**
 * FHIR decimals carry their precision: 1.10 is not 1.1 (R4 datatypes, "decimal").
 * JavaScript numbers do not, so a number that would be written back differently
 * is kept as its own text, in the raw JSON object of ECMAScript that
 * `JSON.stringify` writes out as it was.
 */
const inexactNumber = /[:[,]\s*-?\d+(?:\.\d*0|\.?\d*[eE][+-]?\d+|[\d.]{15,})\s*[,\]}]/;
const anyNumber = /(?:"\s*:|[[,])\s*(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,\]}])/g;

/** Begins the strings that stand for inexact numbers while `JSON.parse` is at work; no text from outside can know it. */
const mark = `\u0000${randomUUID()}`;
const quotedMark = JSON.stringify(mark).slice(0, -1);

const rawJson: unknown = Reflect.get(JSON, 'rawJSON');
const isRawJson: unknown = Reflect.get(JSON, 'isRawJSON');

/** Parses JSON without loss of decimal precision. Throws SyntaxError for text that is no JSON. */
export function parseExact(text: string): unknown {
  if (!inexactNumber.test(text) || typeof rawJson !== 'function') return JSON.parse(text);
  // A reviver that sees the source of every value makes JSON.parse ten times slower than this.
  return withoutMarks(JSON.parse(withMarks(text)));
}

/** The text of a number that `parseExact` read, or undefined when the value is none. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null || !('rawJSON' in value)) return undefined;
  const isRaw: unknown = typeof isRawJson === 'function' && isRawJson(value);
  return isRaw === true ? String(value.rawJSON) : undefined;
}

/** The value of a number that `parseExact` read, or undefined when the value is none. */
export function numberValue(value: unknown): number | undefined {
  const text = numberText(value);
  return text === undefined ? undefined : Number(text);
}

/** The text with each inexact number as a marked string. */
function withMarks(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  let outside = 0;
  for (const match of text.matchAll(anyNumber)) {
    const source = match[1] ?? '';
    const end = match.index + match[0].length;
    const start = end - source.length;
    outside = afterStrings(text, outside, start);
    // What looks like a number may be part of a string.
    if (outside > start || String(Number(source)) === source) continue;
    pieces.push(text.slice(copied, start), quotedMark, source, '"');
    copied = end;
  }
  pieces.push(text.slice(copied));
  return pieces.join('');
}

/** The end of the last string that begins before `limit`; `from` must lie outside of strings. */
function afterStrings(text: string, from: number, limit: number): number {
  let outside = from;
  let quote = text.indexOf('"', outside);
  while (quote >= 0 && quote < limit) {
    outside = endOfString(text, quote) + 1;
    quote = text.indexOf('"', outside);
  }
  return outside;
}

function withoutMarks(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? exactNumber(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = withoutMarks(item);
  } else if (isRecord(value)) {
    for (const key in value) {
      const restored = withoutMarks(value[key]);
      // Plain assignment to `__proto__` would set the prototype.
      if (restored !== value[key]) Object.defineProperty(value, key, { value: restored });
    }
  }
  return value;
}

const isRecord = (value: object): value is Record<string, unknown> => !Array.isArray(value);

function exactNumber(marked: string): unknown {
  const source = marked.slice(mark.length);
  return typeof rawJson === 'function' ? rawJson(source) : Number(source);
}
