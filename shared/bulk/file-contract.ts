import type { ExportFile } from './export-contract.ts';

/** How to reach one file of a manifest. */
export interface FileAccess {
  /** Of the manifest. When false, no token is sent, ever. */
  readonly requiresAccessToken: boolean;
  /**
   * Asked once when the link is refused (401, 403, 404, 410): the same file from a manifest fetched
   * anew, or undefined when it is not in there.
   */
  readonly renew?: () => Promise<ExportFile | undefined>;
}

/**
 * Bytes of an export file, decompressed: a blob of our account with its credentials, any other by
 * http(s) from an allowed origin.
 *
 * The stream throws AppError URL_NOT_ALLOWED, LINK_EXPIRED (retryable: fetch the manifest anew),
 * REQUEST_FAILED, REQUEST_THROTTLED, FHIR_REFUSED, BLOB_UNAVAILABLE, BLOB_REFUSED.
 */
export type ExportFileReader = (file: ExportFile, access: FileAccess) => AsyncIterable<Buffer>;

/** One line without its line end. Empty lines are left out but counted. */
export interface NdjsonLine {
  /** A view, not a copy: it keeps the chunk that it came from in memory. */
  readonly bytes: Buffer;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
}

/** What a line says about itself. `line` is JSON exactly when `JSON.parse` takes it. */
export type ResourceScan =
  | {
      readonly kind: 'resource';
      readonly resourceType: string;
      /** Undefined when absent or no string. */
      readonly id: string | undefined;
      readonly versionId: string | undefined;
      /** `meta.lastUpdated` as written. */
      readonly lastUpdated: string | undefined;
      /** Carries the soft-delete extension of Azure Health Data Services. */
      readonly softDeleted: boolean;
      /** Most significant digits of any number; $import refuses more than 18. */
      readonly longestDecimal: number;
    }
  | { readonly kind: 'unreadable'; readonly problem: ScanProblem };

export type ScanProblem = 'not-utf8' | 'not-json' | 'no-object' | 'no-resource-type';

/** A delete that a source told of. */
export interface DeletedResource {
  readonly resourceType: string;
  readonly id: string;
  /** Of the delete itself; history says so, `deleted` files do not. */
  readonly versionId?: string;
  readonly at?: string;
}

/** Why `$import` refused a line. */
export type ImportErrorCause =
  | 'duplicate'
  | 'version-conflict'
  | 'already-loaded'
  | 'unreadable'
  | 'invalid-id'
  | 'too-large'
  | 'future-date'
  | 'reference'
  | 'other';

/** One line of an error file of `$import`; its text is read and forgotten. */
export interface ImportErrorLine {
  /** Byte offset of the processing unit in the input file; undefined when the line does not say. */
  readonly unitOffset: number | undefined;
  /** Line in that unit, as the server counts; `locateErrors` finds it. */
  readonly line: number | undefined;
  readonly cause: ImportErrorCause;
  /** The resource's id, which the server names for duplicates and conflicts only. */
  readonly resourceId?: string;
}
