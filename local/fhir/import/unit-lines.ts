import type { BlockBlobClient } from '@azure/storage-blob';
import { blobBlocks } from './blob-blocks.ts';

export interface UnitLine {
  readonly text: string;
  /** From 1; empty lines and the line that began in the unit before do not count. */
  readonly number: number;
}

export interface UnitRange {
  readonly offset: number;
  readonly bytes: number;
  /** Bytes of the whole file. */
  readonly length: number;
  readonly abortSignal: AbortSignal;
}

const newline = 0x0a;

/**
 * The lines that belong to a unit of `bytes` from `offset` on, in blocks as they
 * are read. A unit skips what it finds of the line that began before it, and
 * reads the line that goes over its end; so each line is read once, whatever
 * the size of the units.
 */
export async function* unitLines(
  blob: BlockBlobClient,
  { offset, bytes, length, abortSignal }: UnitRange,
): AsyncGenerator<readonly UnitLine[]> {
  const reader = createLineReader(offset > 0);
  let rest: Buffer = Buffer.alloc(0);
  let consumed = 0;
  for await (const block of blobBlocks(blob, { offset, length, abortSignal })) {
    const buffer = rest.length === 0 ? block : Buffer.concat([rest, block]);
    const isLast = offset + consumed + buffer.length >= length;
    // A line that begins at the very end of the unit still belongs to it.
    const { lines, end } = reader.read(buffer, { limit: bytes - consumed, isLast });
    if (lines.length > 0) yield lines;
    consumed += end;
    if (consumed > bytes || isLast) return;
    rest = buffer.subarray(end);
  }
}

function createLineReader(skipsFirst: boolean) {
  let skipping = skipsFirst;
  let number = 0;
  const take = (text: string, lines: UnitLine[]): void => {
    if (!skipping && text !== '') {
      number += 1;
      lines.push({ text, number });
    }
    skipping = false;
  };
  return {
    /** The lines that begin at or before `limit`, and where they end; the last block may lack its line end. */
    read(buffer: Buffer, { limit, isLast }: { readonly limit: number; readonly isLast: boolean }) {
      const lines: UnitLine[] = [];
      let start = 0;
      while (start <= limit && start < buffer.length) {
        const found = buffer.indexOf(newline, start);
        if (found < 0 && !isLast) break;
        const stop = found < 0 ? buffer.length : found;
        take(lineText(buffer, start, stop), lines);
        start = found < 0 ? stop : found + 1;
      }
      return { lines, end: start };
    },
  };
}

/** Windows line ends count as line ends. */
function lineText(buffer: Buffer, start: number, stop: number): string {
  const isWindows = stop > start && buffer[stop - 1] === 0x0d;
  return buffer.toString('utf8', start, isWindows ? stop - 1 : stop);
}
