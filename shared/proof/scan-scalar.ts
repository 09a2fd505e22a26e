import { notJson } from './line-problem.ts';

/** The text that is being read. */
export interface ScanText {
  bytes: Buffer;
  /** Set when a string holds an escape that the canonical form may write otherwise. */
  escapes: boolean;
}

const quote = 0x22;
const backslash = 0x5c;

/** What may follow a backslash (RFC 8259 section 7), and 2 for what canonical text never needs. */
const escapeKind = new Uint8Array(256);
for (const letter of '"\\bfnrt') escapeKind[letter.charCodeAt(0)] = 1;
for (const letter of '/u') escapeKind[letter.charCodeAt(0)] = 2;

const words = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')];

/** Byte after the closing quote of the string at `start`. */
export function scanString(text: ScanText, start: number): number {
  const { bytes } = text;
  const end = bytes.length;
  let at = start + 1;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte === backslash) at = scanEscape(text, at + 1);
    else if (byte < 0x20) break;
    else at += 1;
  }
  throw notJson(at, 'a string holds a control character or has no end');
}

function scanEscape(text: ScanText, at: number): number {
  const { bytes } = text;
  const letter = bytes[at] ?? 0;
  const known = escapeKind[letter] ?? 0;
  if (known === 0) throw notJson(at, 'no such escape');
  if (known === 1) return at + 1;
  text.escapes = true;
  if (letter !== 0x75) return at + 1;
  for (let digit = at + 1; digit <= at + 4; digit += 1) {
    if (!isHex(bytes[digit] ?? 0)) throw notJson(digit, 'an escape needs four hexadecimal digits');
  }
  return at + 5;
}

/** Byte after the number at `start` (RFC 8259 section 6). */
export function scanNumber(bytes: Buffer, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start;
  at = bytes[at] === 0x30 ? at + 1 : scanDigits(bytes, at);
  if (bytes[at] === 0x2e) at = scanDigits(bytes, at + 1);
  if (((bytes[at] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[at + 1];
    at = scanDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function scanDigits(bytes: Buffer, start: number): number {
  let at = start;
  while (isDigit(bytes[at] ?? 0)) at += 1;
  if (at === start) throw notJson(at, 'a digit is missing');
  return at;
}

/** Byte after `true`, `false` or `null`. */
export function scanWord(bytes: Buffer, start: number): number {
  for (const word of words) {
    const end = start + word.length;
    if (end <= bytes.length && word.compare(bytes, start, end) === 0) return end;
  }
  throw notJson(start, 'a value is missing');
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean =>
  isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
