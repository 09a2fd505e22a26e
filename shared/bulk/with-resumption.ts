import { AppError } from '../errors.ts';
import type { HttpDownload } from '../http/index.ts';

/** Interruptions in a row, without a byte between them, until the file is given up. */
const maxAttempts = 3;

/**
 * The bytes of a download that goes on where it broke off (RFC 9110 section 14.2), when the server
 * named the version of the file by a strong ETag and sent it uncompressed: a range of compressed
 * bytes is no use to a decoder that was lost. Throws the interruption where that is not possible.
 *
 * @param again opens the same file with more headers
 */
export async function* withResumption(
  first: HttpDownload,
  again: (headers: Readonly<Record<string, string>>) => Promise<HttpDownload>,
): AsyncGenerator<Buffer, void, undefined> {
  const etag = first.headers.get('etag') ?? '';
  const isResumable = etag.startsWith('"') && !first.headers.has('content-encoding');
  let download = first;
  let offset = 0;
  for (let attempts = 0; ; ) {
    try {
      for await (const chunk of download.body) {
        offset += chunk.length;
        attempts = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      attempts += 1;
      const isInterruption = error instanceof AppError && error.code === 'REQUEST_FAILED';
      if (!isInterruption || !isResumable || attempts > maxAttempts) {
        throw error;
      }
      download = await again({ range: `bytes=${offset}-`, 'if-range': etag });
      if (download.status !== 206) {
        await leave(download);
        throw error;
      }
    }
  }
}

/** Drops the connection of a body that nobody wants. */
async function leave({ body }: HttpDownload): Promise<void> {
  for await (const _ of body) {
    return;
  }
}
