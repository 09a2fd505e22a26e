import type { CancelResult, KickOff, PollTrouble } from './export-contract.ts';

export interface ImportInput {
  /** Absent: the file holds several types. */
  readonly type?: string;
  readonly url: string;
  /** Without quotes or with, as the blob service gave it; a changed blob then fails the job. */
  readonly etag?: string;
}

export interface ImportRequest {
  /** At least one, each URL once, no query string. */
  readonly files: readonly ImportInput[];
  /** `processingUnitBytesToRead`; must exceed the longest line. */
  readonly unitBytes?: number;
  readonly allowNegativeVersions?: boolean;
  readonly errorContainer?: string;
  /** Default `IncrementalLoad`. */
  readonly mode?: 'IncrementalLoad' | 'InitialLoad';
}

/** What one input file gave so far. */
export interface ImportOutput {
  readonly type?: string;
  /** The input file. */
  readonly url: string;
  /** Resources loaded. */
  readonly count: number;
}

/** What one processing unit refused; a file may have several. */
export interface ImportError {
  readonly type?: string;
  /** The input file. */
  readonly url: string;
  /** Resources refused. */
  readonly count: number;
  /** The NDJSON file with the reasons; read it with `readImportErrors`. Absent when the server has written none. */
  readonly errorUrl?: string;
}

export type ImportStatus =
  | {
      readonly kind: 'running';
      readonly outputs: readonly ImportOutput[];
      readonly errors: readonly ImportError[];
      readonly retryAfterSeconds?: number;
      readonly trouble?: PollTrouble;
    }
  | {
      readonly kind: 'done';
      readonly outputs: readonly ImportOutput[];
      readonly errors: readonly ImportError[];
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'cancelled' }
  /** A unit failed as a whole. What was loaded stays loaded. `inputUrl`: the file, when named. */
  | { readonly kind: 'failed'; readonly status: number; readonly inputUrl?: string };

/** The target of a move. */
export interface BulkImport {
  /**
   * Starts one job. Idempotent by content: the same request finds the same job, even one that
   * failed or was cancelled (facts 2.2), so a real repeat needs other blob names, etags or inputs.
   *
   * @throws AppError REQUEST_THROTTLED, FHIR_UNAVAILABLE, FHIR_REFUSED, INPUT_INVALID (no file, a
   * URL twice, a query string, type SearchParameter)
   */
  kickOff(request: ImportRequest): Promise<KickOff>;
  /** One poll. The server may take 60 seconds to answer. */
  status(statusUrl: string): Promise<ImportStatus>;
  cancel(statusUrl: string): Promise<CancelResult>;
  /** `{base}/_operations/import/{id}` */
  statusUrlOf(jobId: string): string;
}
