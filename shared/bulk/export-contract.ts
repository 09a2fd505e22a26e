/**
 * What kind of `$export` the source speaks, found out by the assessment. `ahds`: Azure Health Data
 * Services (`_till`, `_container`, `includeAssociatedData`, blobs in a storage account). `ig`: a
 * server by the Bulk Data Access IG (`_until`, links of its own, a `deleted` list).
 */
export type ExportDialect = 'ahds' | 'ig';

export interface ExportRequest {
  /** Resource types; absent means all. */
  readonly types?: readonly string[];
  /** Start of the window, inclusive: an instant with milliseconds, UTC. */
  readonly since?: string;
  /** End of the window; exclusive on the parallel path of `ahds`, else the server's choice. */
  readonly till?: string;
  /** Every version, not the current ones only; `ahds` only. */
  readonly history: boolean;
  /** Deletes too; `ig` servers list them in `deleted` unasked when they know them. */
  readonly deleted: boolean;
  /** Container that the files go to; `ahds` only. */
  readonly container?: string;
  /** Name of the anonymisation configuration; needs `container`; `ahds` only. */
  readonly anonymizationConfig?: string;
  /** Resources per internal range, and so per file; `ahds` only. */
  readonly maxCount?: number;
  /** `_isParallel`; `ahds` only. */
  readonly parallel?: boolean;
}

/**
 * `unknown`: the server may have started a job that we cannot name (torn connection after the
 * request was sent, success without Content-Location, gateway error). The next step is adoption or
 * a new job, not a blind repeat.
 */
export type KickOff =
  | { readonly kind: 'started'; readonly statusUrl: string }
  | { readonly kind: 'unknown' };

export type ExportKickOff = KickOff;

/** A file that a manifest names. */
export interface ExportFile {
  /** Resource type of the lines; absent where the server does not say. */
  readonly type?: string;
  readonly url: string;
  /** Lines, where the server says so. */
  readonly count?: number;
  /** STU4 `fileSize`. */
  readonly bytes?: number;
}

/** The manifest with all its pages put together. */
export interface ExportManifest {
  /** Everything modified up to here is included, by the server's clock: the next `since`. */
  readonly transactionTime: string;
  readonly requiresAccessToken: boolean;
  readonly files: readonly ExportFile[];
  /** NDJSON files of transaction Bundles with DELETE entries; read them with `readDeletes`. */
  readonly deleted: readonly ExportFile[];
  /** NDJSON files of OperationOutcomes: the export is incomplete or carries remarks. */
  readonly errors: readonly ExportFile[];
  /** From the `Expires` header: after this instant the links want a manifest fetched anew. */
  readonly expires?: string;
}

/** Why an answer of a running job told nothing about the job. Polling goes on. */
export type PollTrouble = 'throttled' | 'not-signed-in' | 'unavailable' | 'unreadable';

export type ExportStatus =
  | {
      readonly kind: 'running';
      readonly retryAfterSeconds?: number;
      /** Percentage or words of `X-Progress`, at most 100 characters of `[\w %.,:/()-]`. */
      readonly progress?: string;
      /** Set when this poll failed and says nothing about the job. */
      readonly trouble?: PollTrouble;
    }
  | { readonly kind: 'done'; readonly manifest: ExportManifest }
  /** The server knows no such job: cancelled, forgotten, or never begun. */
  | { readonly kind: 'gone' }
  /** `cause`: a FHIR issue type of the answer (`exception`, `too-costly`, …) or `unspecified`. */
  | { readonly kind: 'failed'; readonly status: number; readonly cause: string };

/** The source of a move. */
export interface BulkExport {
  readonly dialect: ExportDialect;
  /**
   * Starts one job. Not idempotent: persist the intent before, and never repeat blindly.
   *
   * @throws AppError when surely nothing was started: REQUEST_THROTTLED (with
   * `retryAfterSeconds`), FHIR_UNAVAILABLE (never reached, not signed in), FHIR_REFUSED (4xx),
   * INPUT_INVALID for a request that the dialect cannot express.
   */
  kickOff(request: ExportRequest): Promise<ExportKickOff>;
  /**
   * One poll. When the job is done, follows the pages of the manifest and puts them together.
   *
   * @throws AppError URL_NOT_ALLOWED; RESPONSE_UNREADABLE when the server says "done" with
   * something that is no manifest (retryable: premature answers mend themselves).
   */
  status(statusUrl: string): Promise<ExportStatus>;
  /**
   * Ends a running job, or tells the server that its files have been fetched. Repeatable.
   *
   * @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, URL_NOT_ALLOWED
   */
  cancel(statusUrl: string): Promise<CancelResult>;
  /** Status URL of a job whose id was found elsewhere (`{base}/_operations/export/{id}`). */
  statusUrlOf(jobId: string): string;
}

/** `ended`: it had come to its end before (409). `gone`: unknown to the server (404). */
export type CancelResult = 'cancelled' | 'ended' | 'gone';
