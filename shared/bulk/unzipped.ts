import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AppError } from '../errors.ts';

/** Some servers store their files compressed and say so nowhere; no NDJSON begins like gzip. */
export async function* unzipped(
  body: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks = body[Symbol.asyncIterator]();
  const first = await chunks.next();
  const rest = { [Symbol.asyncIterator]: () => chunks };
  if (first.done === true) {
    return;
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield first.value;
    yield* rest;
    return;
  }
  yield* gunzip(first.value, rest);
}

async function* gunzip(
  first: Buffer,
  rest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  async function* compressed() {
    yield first;
    yield* rest;
  }
  // The callback is the pipeline's way to hand errors on; they reach the loop below.
  const unzip = pipeline(compressed(), createGunzip(), () => undefined);
  try {
    for await (const chunk of unzip) {
      yield chunk;
    }
  } catch (error) {
    if (error instanceof AppError) {
      throw error;
    }
    throw new AppError('RESPONSE_UNREADABLE', 'a compressed export file is damaged');
  }
}
