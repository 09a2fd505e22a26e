import { AppError } from '../errors.ts';
import type { InnerResponse } from './inner-http.ts';

/**
 * Reads the answer of a `$batch` back into one response per request, in order.
 *
 * @throws AppError RESPONSE_UNREADABLE when it is torn, is not a multipart, or counts other than
 * `expected` parts: an answer that cannot be matched to its requests says nothing about any of them.
 */
export function parseBatch(
  contentType: string,
  text: string,
  expected: number,
): readonly InnerResponse[] {
  const match = /^multipart\/mixed\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw unreadable('is not a multipart');
  }
  const parts = splitParts(text, `--${boundary}`);
  if (parts.length !== expected) {
    throw unreadable(`has ${parts.length} parts instead of ${expected}`);
  }
  return parts.map(parsePart);
}

function unreadable(problem: string): AppError {
  return new AppError('RESPONSE_UNREADABLE', `the answer of a Dataverse batch ${problem}`);
}

function splitParts(text: string, delimiter: string): readonly string[] {
  const parts: string[] = [];
  let partStart: number | undefined;
  let at = nextDelimiter(text, delimiter, 0);
  while (at !== -1) {
    if (partStart !== undefined) {
      parts.push(text.slice(partStart, at));
    }
    const afterMark = at + delimiter.length;
    if (text.startsWith('--', afterMark)) {
      return parts;
    }
    const lineEnd = text.indexOf('\n', afterMark);
    if (lineEnd === -1) {
      break;
    }
    partStart = lineEnd + 1;
    at = nextDelimiter(text, delimiter, partStart);
  }
  throw unreadable('is torn');
}

/** A delimiter counts at the start of a line only, alone or as the closing one. */
function nextDelimiter(text: string, delimiter: string, from: number): number {
  let at = text.indexOf(delimiter, from);
  while (at !== -1) {
    const startsLine = at === 0 || text[at - 1] === '\n';
    const after = text[at + delimiter.length];
    if (startsLine && (after === undefined || /[\s-]/.test(after))) {
      return at;
    }
    at = text.indexOf(delimiter, at + 1);
  }
  return -1;
}

function parsePart(part: string): InnerResponse {
  const message = cutAtBlankLine(part).rest;
  const { head, rest } = cutAtBlankLine(message.trimStart());
  const [statusLine = '', ...headerLines] = head.split(/\r?\n/);
  const status = /^HTTP\/\d(?:\.\d)? ([1-5]\d\d)(?:\s|$)/.exec(statusLine)?.[1];
  if (status === undefined) {
    throw unreadable('has a part without a status');
  }
  return { status: Number(status), headers: readHeaders(headerLines), text: rest.trim() };
}

function cutAtBlankLine(text: string): { readonly head: string; readonly rest: string } {
  const match = /\r?\n\r?\n/.exec(text);
  return match === null
    ? { head: text.trimEnd(), rest: '' }
    : { head: text.slice(0, match.index), rest: text.slice(match.index + match[0].length) };
}

const headerLine = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e\t]*)$/;

/** Lines that are no header are left out: nothing of ours depends on them. */
function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const match = headerLine.exec(line);
    if (match !== null) {
      headers.append(match[1] ?? '', match[2] ?? '');
    }
  }
  return headers;
}
