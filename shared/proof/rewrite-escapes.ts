import { notJson } from './line-problem.ts';

const backslash = 0x5c;
/** Characters with a short escape, by code. */
const short = new Map([
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
]);

/**
 * Writes every escape as the canonical form does: quote, backslash and controls escaped
 * (short where JSON has a short escape, otherwise `\u00xx` in lower case), everything else
 * as itself in UTF-8; half of a surrogate pair alone keeps its escape in lower case.
 * Backslashes stand in strings only, so the text need not be parsed for it; it has been.
 */
export function rewriteEscapes(line: Buffer): Buffer {
  const parts: (Buffer | string)[] = [];
  let from = 0;
  for (let at = line.indexOf(backslash); at >= 0; at = line.indexOf(backslash, from)) {
    const { text, end } = escapeAt(line, at);
    parts.push(line.subarray(from, at), text);
    from = end;
  }
  parts.push(line.subarray(from));
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
}

function escapeAt(line: Buffer, at: number): { readonly text: string; readonly end: number } {
  const letter = line[at + 1];
  if (letter === 0x2f) return { text: '/', end: at + 2 };
  if (letter !== 0x75) return { text: line.toString('latin1', at, at + 2), end: at + 2 };
  const unit = codeUnit(line, at);
  if (unit < 0xd800 || unit > 0xdfff) return { text: canonicalCharacter(unit), end: at + 6 };
  const low = unit < 0xdc00 && line[at + 6] === backslash && line[at + 7] === 0x75;
  const next = low ? codeUnit(line, at + 6) : 0;
  return next >= 0xdc00 && next <= 0xdfff
    ? { text: String.fromCharCode(unit, next), end: at + 12 }
    : { text: `\\u${unit.toString(16)}`, end: at + 6 };
}

function codeUnit(line: Buffer, at: number): number {
  const unit = Number.parseInt(line.toString('latin1', at + 2, at + 6), 16);
  if (Number.isNaN(unit)) throw notJson(at, 'an escape needs four hexadecimal digits');
  return unit;
}

function canonicalCharacter(unit: number): string {
  const known = short.get(unit);
  if (known !== undefined) return known;
  return unit < 0x20 ? `\\u${unit.toString(16).padStart(4, '0')}` : String.fromCharCode(unit);
}
