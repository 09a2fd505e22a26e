/**
 * The error catalogue: every error that this product throws on purpose is an
 * `AppError` with one of these codes. `retryable` answers one question only:
 * may the same call succeed later without a person changing anything?
 * `details` are safe to log: ids, table and column names, counts, never
 * clinical content (docs/decisions/0002-no-phi.md).
 */
const catalogue = {
  CONFIG_INVALID: { retryable: false },
  REQUEST_FAILED: { retryable: true },
  REQUEST_THROTTLED: { retryable: true },
  REQUEST_REFUSED: { retryable: false },
  RESPONSE_UNREADABLE: { retryable: true },
  URL_NOT_ALLOWED: { retryable: false },
  TOKEN_UNAVAILABLE: { retryable: true },
  FHIR_UNAVAILABLE: { retryable: true },
  FHIR_REFUSED: { retryable: false },
  DATAVERSE_UNAVAILABLE: { retryable: true },
  DATAVERSE_REFUSED: { retryable: false },
  DATAVERSE_METADATA_MISSING: { retryable: false },
  BLOB_UNAVAILABLE: { retryable: true },
  BLOB_REFUSED: { retryable: false },
  LINK_EXPIRED: { retryable: true },
  STATE_UNAVAILABLE: { retryable: true },
  MAP_PACK_INVALID: { retryable: false },
  MAP_PACK_UNKNOWN: { retryable: false },
  INPUT_INVALID: { retryable: false },
  BODY_TOO_LARGE: { retryable: false },
  NOT_FOUND: { retryable: false },
  CONFLICT: { retryable: true },
  PRECONDITION_FAILED: { retryable: false },
  PRECONDITION_REQUIRED: { retryable: false },
  FORBIDDEN: { retryable: false },
  INTERNAL: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>;

export type ErrorCode = keyof typeof catalogue;

export type SafeDetails = Readonly<
  Record<
    string,
    string | number | boolean | readonly string[] | readonly Readonly<Record<string, string>>[]
  >
>;

export interface AppErrorOptions {
  readonly details?: SafeDetails;
  readonly cause?: unknown;
  /** Seconds the other side asked us to wait, when it said so. */
  readonly retryAfterSeconds?: number;
}

/** The only error class that this product throws; `code` tells what happened, `retryable` what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: SafeDetails;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.retryable = catalogue[code].retryable;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** True for errors that a later attempt may mend; unknown errors are treated as not retryable. */
export function isRetryable(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}
