import { AppError } from '../errors.ts';
import type { NdjsonLine } from './contract.ts';

export interface NdjsonOptions {
  /** Names the file in errors; must be safe to log. */
  readonly file: string;
  /** Longest line taken; default 64 MiB. */
  readonly maxLineBytes?: number;
  /** Where the first chunk lies, when it is not the beginning of the file; must be a line's start. */
  readonly start?: { readonly offset: number; readonly number: number };
}

const defaultMaxLineBytes = 64 * 1024 * 1024;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of an NDJSON file, a batch for each chunk, in constant memory. Ends of line may be LF
 * or CRLF, the last one may lack it, a byte order mark is left out. Lines that lie within one chunk
 * are not copied.
 *
 * @throws AppError BODY_TOO_LARGE, with file and line; what `chunks` throws.
 */
export async function* ndjsonLines(
  chunks: AsyncIterable<Buffer>,
  options: NdjsonOptions,
): AsyncGenerator<readonly NdjsonLine[], void, undefined> {
  const splitter = lineSplitter(options);
  for await (const chunk of chunks) {
    const lines = splitter.take(chunk);
    if (lines.length > 0) {
      yield lines;
    }
  }
  const last = splitter.end();
  if (last.length > 0) {
    yield last;
  }
}

/** What was read of a line whose end has not come yet. */
interface Pending {
  parts: Buffer[];
  size: number;
}

function lineSplitter({ file, maxLineBytes = defaultMaxLineBytes, start }: NdjsonOptions) {
  const pending: Pending = { parts: [], size: 0 };
  let offset = start?.offset ?? 0;
  let number = start?.number ?? 1;

  function checkLength(bytes: number): void {
    if (bytes > maxLineBytes) {
      const message = `line ${number} of ${file} is longer than ${maxLineBytes} bytes; raise the limit or leave the resource out`;
      const details = { file, line: number, maxLineBytes };
      throw new AppError('BODY_TOO_LARGE', message, { details });
    }
  }

  /** @param width bytes of the line with its end */
  function finish(raw: Buffer, width: number, into: NdjsonLine[]): void {
    const head = offset === 0 && raw.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
    const tail = raw.at(-1) === carriageReturn ? 1 : 0;
    const bytes = head + tail === 0 ? raw : raw.subarray(head, raw.length - tail);
    if (bytes.length > 0) {
      into.push({ bytes, offset: offset + head, number });
    }
    offset += width;
    number += 1;
  }

  function pendingWith(end: Buffer): Buffer {
    const { parts, size } = pending;
    if (parts.length === 0) {
      return end;
    }
    parts.push(end);
    pending.parts = [];
    pending.size = 0;
    return Buffer.concat(parts, size + end.length);
  }

  return {
    take(chunk: Buffer): readonly NdjsonLine[] {
      const lines: NdjsonLine[] = [];
      let from = 0;
      for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
        checkLength(pending.size + at - from);
        const raw = pendingWith(chunk.subarray(from, at));
        finish(raw, raw.length + 1, lines);
        from = at + 1;
      }
      if (from < chunk.length) {
        pending.parts.push(from === 0 ? chunk : chunk.subarray(from));
        pending.size += chunk.length - from;
        checkLength(pending.size);
      }
      return lines;
    },
    end(): readonly NdjsonLine[] {
      const lines: NdjsonLine[] = [];
      if (pending.size > 0) {
        const raw = pendingWith(Buffer.alloc(0));
        finish(raw, raw.length, lines);
      }
      return lines;
    },
  };
}
