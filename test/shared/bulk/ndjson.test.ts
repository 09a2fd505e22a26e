import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NdjsonLine, ndjsonLines } from '../../../shared/bulk/index.ts';

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function linesOf(
  chunks: AsyncIterable<Buffer>,
  options = {},
): Promise<readonly NdjsonLine[]> {
  const all: NdjsonLine[] = [];
  for await (const batch of ndjsonLines(chunks, { file: 'f.ndjson', ...options }))
    all.push(...batch);
  return all;
}

const line = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => text.replaceAll(/[\r\n\uFEFF]/g, ''));
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });

describe('lines of NDJSON', () => {
  test('are the same however the bytes arrive, with the offset and number of each', async () => {
    const file = fc.record({
      lines: fc.array(line),
      end: fc.constantFrom('\n', '\r\n'),
      lastEnd: fc.boolean(),
      mark: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(file, sizes, async ({ lines, end, lastEnd, mark }, pieces) => {
        const text = (mark ? '\uFEFF' : '') + lines.join(end) + (lastEnd ? end : '');
        const bytes = Buffer.from(text);
        const found = await linesOf(inPieces(bytes, pieces));
        const expected = lines.flatMap((content, index) =>
          content === '' ? [] : [[content, index + 1]],
        );
        expect(found.map((entry) => [entry.bytes.toString(), entry.number])).toEqual(expected);
        for (const entry of found) {
          expect(bytes.subarray(entry.offset, entry.offset + entry.bytes.length)).toEqual(
            entry.bytes,
          );
        }
      }),
    );
  });

  test('a line over the bound is refused with its place before it fills the memory', async () => {
    let given = 0;
    async function* endless() {
      yield Buffer.from('{}\n');
      for (;;) {
        given += 1;
        yield Buffer.alloc(1000, 'x');
      }
    }
    const reading = linesOf(endless(), { maxLineBytes: 10_000 });
    await expect(reading).rejects.toMatchObject({
      code: 'BODY_TOO_LARGE',
      details: { file: 'f.ndjson', line: 2 },
    });
    expect(given).toBeLessThan(15);
  });

  test('reading can begin in the middle of a file', async () => {
    const start = { offset: 300, number: 12 };
    const [first, second] = await linesOf(inPieces(Buffer.from('a\nb'), [1]), { start });
    expect([first?.offset, first?.number, second?.offset, second?.number]).toEqual([
      300, 12, 302, 13,
    ]);
  });
});
