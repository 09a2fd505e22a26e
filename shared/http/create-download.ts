import { AppError } from '../errors.ts';
import { type Attempt, broken, reasonOf } from './attempt.ts';
import { createCaller } from './caller.ts';
import type { HttpDownload, HttpDownloadRequest, HttpOpen, HttpOptions } from './contract.ts';

const defaultIdleMs = 100_000;

/**
 * Downloads of any size, under the rules of `createHttp`: allowed origins, token, no redirects,
 * the same short retry up to the headers. gzip and deflate are asked for and undone.
 *
 * @throws AppError CONFIG_INVALID when an allowed origin is not an absolute URL.
 */
export function createDownload(options: HttpOptions): HttpOpen {
  const call = createCaller(options);
  return (request) =>
    call({ ...request, method: 'GET' }, (headers, place) => open(request, headers, place));
}

async function open(
  request: HttpDownloadRequest,
  headers: Headers,
  place: string,
): Promise<Attempt<HttpDownload>> {
  const patience = idleTimer(request.idleMs ?? defaultIdleMs);
  try {
    const response = await fetch(request.url, {
      headers,
      redirect: 'manual',
      signal: patience.signal,
    });
    const { status } = response;
    if (!response.ok || response.body === null) {
      patience.end();
      await response.body?.cancel();
      return { kind: 'answered', response: { status, headers: response.headers, body: nothing() } };
    }
    const body = chunksOf(response.body, patience, place);
    return { kind: 'answered', response: { status, headers: response.headers, body } };
  } catch (error) {
    patience.end();
    return broken(error);
  }
}

async function* nothing(): AsyncGenerator<Buffer, void, undefined> {}

async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  patience: IdleTimer,
  place: string,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of stream) {
      patience.pause();
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      patience.restart();
    }
  } catch (error) {
    const reason = reasonOf(error);
    throw new AppError('REQUEST_FAILED', `${place} broke off while it was read (${reason})`, {
      details: { reason },
    });
  } finally {
    patience.end();
  }
}

interface IdleTimer {
  readonly signal: AbortSignal;
  /** While the reader is busy, silence is its own. */
  pause(): void;
  restart(): void;
  end(): void;
}

/** Aborts after so long without `restart`, with the error that `AbortSignal.timeout` gives. */
function idleTimer(milliseconds: number): IdleTimer {
  const controller = new AbortController();
  let silentSince: number | undefined = performance.now();
  // One coarse interval costs nothing per chunk; it may fire up to a quarter late.
  const timer = setInterval(
    () => {
      if (silentSince !== undefined && performance.now() - silentSince >= milliseconds) {
        clearInterval(timer);
        controller.abort(new DOMException('no byte for too long', 'TimeoutError'));
      }
    },
    Math.max(1, milliseconds / 4),
  );
  return {
    signal: controller.signal,
    pause: () => {
      silentSince = undefined;
    },
    restart: () => {
      silentSince = performance.now();
    },
    end: () => clearInterval(timer),
  };
}
