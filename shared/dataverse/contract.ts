export type Scalar = string | number | boolean | null;

export interface LookupValue {
  readonly lookup: { readonly table: string; readonly id: string };
}

/** `null` clears, lookups included. */
export type RowValue = Scalar | LookupValue;

/** Keyed by column logical name; navigation properties are resolved from the metadata. */
export type Row = Readonly<Record<string, RowValue>>;

export interface DataverseRow {
  readonly id: string;
  readonly etag: string;
  /** By column logical name; lookups and ids are lower-case GUIDs, absent values are null. */
  readonly values: Readonly<Record<string, Scalar>>;
}

/**
 * A condition on one table. Dataverse compares text without regard to case and trailing spaces,
 * so `equals` may find more rows than JavaScript would: compare again where that matters.
 */
export type Filter =
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly column: string; readonly equals: Scalar }
  | { readonly column: string; readonly in: readonly (string | number)[] }
  | { readonly column: string; readonly startsWith: string };

export type DataverseOperation = QueryOperation | WriteOperation;

export interface QueryOperation {
  readonly kind: 'query';
  readonly table: string;
  readonly select: readonly string[];
  readonly filter: Filter;
}

export type WriteOperation =
  /** Create with our own id; never overwrites. */
  | { readonly kind: 'create'; readonly table: string; readonly id: string; readonly row: Row }
  /** Update of exactly the version that `etag` names. */
  | {
      readonly kind: 'update';
      readonly table: string;
      readonly id: string;
      readonly etag: string;
      readonly row: Row;
    }
  | {
      readonly kind: 'delete';
      readonly table: string;
      readonly id: string;
      readonly etag?: string;
    };

export type RefusalCause =
  | 'invalid'
  | 'too-long'
  | 'not-an-option'
  | 'forbidden'
  | 'duplicate'
  | 'plugin'
  | 'unknown';

export type DataverseResult =
  /** All pages. */
  | { readonly kind: 'rows'; readonly rows: readonly DataverseRow[] }
  /** `etag` when the answer carried it: Dataverse gives none with 204. */
  | { readonly kind: 'written'; readonly etag?: string }
  /** Also when the row was not there. */
  | { readonly kind: 'deleted' }
  /** 412: the row exists (create) or has another version (update, delete). Read it and decide again. */
  | { readonly kind: 'conflict' }
  /** 404: the row of an update, or a row that a lookup names. */
  | { readonly kind: 'missing'; readonly what: 'row' | 'reference' }
  /** A later attempt will end the same; `column` is the one at fault, when the answer names it. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string;
      readonly column?: string;
      readonly cause: RefusalCause;
    }
  /** Transient: this operation may succeed later. */
  | { readonly kind: 'failed'; readonly status?: number; readonly retryAfterSeconds?: number };

export interface ColumnMetadata {
  readonly logicalName: string;
  /** `AttributeType` of the Web API: `String`, `Lookup`, `Picklist`, `DateTime` … */
  readonly type: string;
  readonly required: boolean;
  readonly validForCreate: boolean;
  readonly validForUpdate: boolean;
  /** Characters; String and Memo columns only. */
  readonly maxLength?: number;
  /** Values of a choice column. */
  readonly options?: readonly number[];
}

export interface TableMetadata {
  readonly logicalName: string;
  readonly entitySet: string;
  readonly primaryId: string;
  readonly columns: ReadonlyMap<string, ColumnMetadata>;
  /** Lookup column → target table → navigation property. */
  readonly lookups: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly keys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly active: boolean;
  }[];
}

export interface DataverseClient {
  /**
   * What the organisation says about a table; asked once.
   * @throws AppError DATAVERSE_METADATA_MISSING when there is no such table.
   */
  table(logicalName: string): Promise<TableMetadata>;
  /**
   * Runs operations, results in the same order. Within one call the server runs them in order
   * wherever one touches a row that another writes, so a create may bind to a row created earlier
   * in the same list. Operations are not atomic together: each has its own result.
   *
   * Every operation may be repeated: creates carry `If-None-Match: *`, updates and guarded deletes
   * `If-Match`, and a delete of nothing is a success. So a call that threw is simply made again:
   * what had been committed answers `conflict` or `deleted`, and the caller who then reads the row
   * finds its own values.
   *
   * @throws AppError DATAVERSE_UNAVAILABLE or RESPONSE_UNREADABLE (retryable) when no answer to a
   * whole request came, DATAVERSE_METADATA_MISSING, DATAVERSE_REFUSED (the whole request),
   * INPUT_INVALID (an id, etag or value that cannot be sent).
   */
  execute(operations: readonly DataverseOperation[]): Promise<readonly DataverseResult[]>;
}
