import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type NdjsonLine, ndjsonLines, scanResource } from '../../shared/bulk/index.ts';
import type { Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { inventedLines } from './invented-lines.ts';

const fullBytes = 200_000_000;
/** As fetch gives them. */
const chunkBytes = 65_536;
const rounds = 5;

/** How fast lines are found, and how fast each is known by its envelope, on one core. */
export async function reading(scale: number): Promise<readonly Row[]> {
  const { ndjson, lines } = inventedLines(Math.round(fullBytes * scale));
  const some = (await linesOf(ndjson)).slice(0, 50_000);
  const bytes = some.reduce((sum, line) => sum + line.bytes.length, 0);
  const megabytes = (size: number, milliseconds: number) => Math.round(size / milliseconds / 1000);
  const ours = await timed(async () => {
    let count = 0;
    for await (const batch of ndjsonLines(chunksOf(ndjson), { file: 'bench' }))
      count += batch.length;
    return count === lines;
  });
  const readline = await timed(async () => {
    let count = 0;
    for await (const _ of createInterface({ input: Readable.from(chunksOf(ndjson)) })) count += 1;
    return count === lines;
  });
  const scan = await timed(async () =>
    some.every(({ bytes }) => scanResource(bytes).kind === 'resource'),
  );
  const parse = await timed(async () =>
    some.every(({ bytes }) => JSON.parse(bytes.toString()).id !== ''),
  );
  const row = { unit: 'MB/s', higherIsBetter: true } as const;
  return [
    {
      ...row,
      case: 'lines of NDJSON',
      ours: megabytes(ndjson.length, ours),
      others: { 'node:readline': megabytes(ndjson.length, readline) },
    },
    {
      ...row,
      case: 'type, id, version and digits of a line',
      ours: megabytes(bytes, scan),
      others: { 'JSON.parse': megabytes(bytes, parse) },
    },
  ];
}

async function linesOf(ndjson: Buffer): Promise<readonly NdjsonLine[]> {
  const all: NdjsonLine[] = [];
  for await (const batch of ndjsonLines(chunksOf(ndjson), { file: 'bench' })) all.push(...batch);
  return all;
}

async function* chunksOf(ndjson: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < ndjson.length; at += chunkBytes) yield ndjson.subarray(at, at + chunkBytes);
}

/** Milliseconds of the median round; NaN when the work was done wrongly. */
async function timed(work: () => Promise<boolean>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const isRight = await work();
    times.push(isRight ? performance.now() - began : Number.NaN);
  }
  return median(times);
}
