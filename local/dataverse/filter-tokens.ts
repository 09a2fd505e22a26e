import { badQuery } from './protocol-error.ts';

export interface Token {
  readonly kind: 'word' | 'text' | 'array' | 'mark';
  readonly text: string;
  /** Characters from the start of the filter. */
  readonly at: number;
}

export function syntaxError(at: number, filter: string): Error {
  return badQuery(`Syntax error at position ${at} in '${filter}'.`);
}

const pattern =
  /\s*(?:('(?:[^']|'')*')|(\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\])|([(),=])|([^\s(),=']+))/gy;

const kinds = ['text', 'array', 'mark', 'word'] as const;

/** Cuts a `$filter` into tokens; 400 with the position for what is none. */
export function tokenize(filter: string): readonly Token[] {
  const tokens: Token[] = [];
  const end = filter.trimEnd().length;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const match = pattern.exec(filter);
    if (match === null) {
      throw syntaxError(start, filter);
    }
    const index = kinds.findIndex((_, group) => match[group + 1] !== undefined);
    const text = match[index + 1] ?? '';
    const kind = kinds[index] ?? 'word';
    tokens.push({ kind, text, at: start + match[0].length - text.length });
  }
  return tokens;
}
