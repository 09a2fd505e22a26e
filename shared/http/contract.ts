/** One HTTP request, its body already text: every product body is JSON, NDJSON or multipart text. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute; its origin must be in `HttpOptions.allowedOrigins`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** One attempt, from the first byte sent to the last byte read; default 100 000 ms. */
  readonly timeoutMs?: number;
  /** Decoded size; default 64 MiB. A longer answer ends as RESPONSE_UNREADABLE. */
  readonly maxResponseBytes?: number;
  /**
   * May the server see this request twice without a second effect? Default: true for GET, HEAD,
   * PUT, DELETE and OPTIONS, false for POST and PATCH. Conditional writes are idempotent in effect.
   */
  readonly idempotent?: boolean;
  /**
   * Give 429, 502, 503 and 504 back as answers too, at once, for callers that must read them: they
   * may be the state of a job rather than of the call. Default false.
   */
  readonly anyStatus?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends one request and returns the answer, whatever its status, except the statuses that only
 * mean "not now" (429, 502, 503, 504), which are thrown when the short retry did not help.
 *
 * @throws AppError URL_NOT_ALLOWED, REQUEST_THROTTLED, REQUEST_FAILED, RESPONSE_UNREADABLE, or what `token` throws.
 */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** A GET whose answer is read as a stream. */
export interface HttpDownloadRequest {
  /** Absolute; its origin must be in `HttpOptions.allowedOrigins`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest silence, before the first byte and between any two; default 100 000 ms. */
  readonly idleMs?: number;
}

export interface HttpDownload {
  readonly status: number;
  readonly headers: Headers;
  /**
   * The body of a success, decompressed, read once or never (leaving the loop drops the
   * connection); empty for every other status. Throws AppError REQUEST_FAILED when it breaks off.
   */
  readonly body: AsyncIterable<Buffer>;
}

/**
 * Starts one download. As `HttpSend`, but of any size; what breaks off after the headers is not
 * repeated here.
 *
 * @throws AppError URL_NOT_ALLOWED, REQUEST_THROTTLED, REQUEST_FAILED, or what `token` throws.
 */
export type HttpOpen = (request: HttpDownloadRequest) => Promise<HttpDownload>;

/** Retry of transport hiccups only; everything longer belongs to the orchestration's policy. */
export interface HttpRetry {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** Seconds slept between attempts, all sleeps together. */
  readonly maxWaitSeconds: number;
}

export interface HttpOptions {
  /** Only these origins are ever called, so that a link in an answer cannot carry the token elsewhere. */
  readonly allowedOrigins: readonly string[];
  /** Asked before every attempt; the provider caches. */
  readonly token?: (() => Promise<string>) | undefined;
  readonly userAgent: string;
  /** Default: 3 attempts, 2 seconds. */
  readonly retry?: HttpRetry;
}
