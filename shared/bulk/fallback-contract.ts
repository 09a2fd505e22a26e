import type { DeletedResource } from './file-contract.ts';

export interface SearchExportRequest {
  /** At least one; history of all types when `history` and empty. */
  readonly types: readonly string[];
  readonly since?: string;
  readonly till?: string;
  /** Read `_history` in place of search: every version, and deletes. */
  readonly history: boolean;
  /** Only these of the type; as many as a URL holds. Not with `history`. */
  readonly ids?: readonly string[];
  /** Resources per page asked for; default 1000. */
  readonly pageSize?: number;
}

export interface SearchExportPage {
  /** NDJSON of the page, byte for byte as served but for white space between tokens. */
  readonly ndjson: Buffer;
  readonly count: number;
  readonly deletes: readonly DeletedResource[];
  /** Give it to `page` for the next one; absent after the last. Holds links, no clinical data. */
  readonly next?: string;
}

/**
 * Stands in for `$export` where a source has none. Slower by far: one request after another. No
 * snapshot: a resource that changes while it runs may come twice or in its newer state, so the next
 * window must begin before this one did.
 */
export interface SearchExport {
  /** @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, RESPONSE_UNREADABLE, URL_NOT_ALLOWED */
  page(request: SearchExportRequest, cursor?: string): Promise<SearchExportPage>;
  pages(request: SearchExportRequest, cursor?: string): AsyncIterable<SearchExportPage>;
}

export type BundleWrite =
  | {
      readonly kind: 'put';
      readonly resourceType: string;
      readonly id: string;
      /** The resource as JSON text; sent as it is, so that decimals keep their digits. */
      readonly json: Buffer | string;
      /** Version on the target that may be replaced (If-Match). R4 has no word for "only if absent". */
      readonly ifVersion?: string;
    }
  | { readonly kind: 'delete'; readonly resourceType: string; readonly id: string };

/** The ending of one write, in request order. */
export type BundleWriteResult =
  | { readonly kind: 'created'; readonly versionId?: string }
  | { readonly kind: 'updated'; readonly versionId?: string }
  | { readonly kind: 'deleted' }
  /** A delete of what was not there. */
  | { readonly kind: 'absent' }
  /** 412: the target holds another version than `ifVersion`. */
  | { readonly kind: 'conflict' }
  /** A later try may mend it (throttled, unavailable, rolled back with others). */
  | { readonly kind: 'later'; readonly status: number }
  /** `cause`: a FHIR issue type or `unspecified`. */
  | { readonly kind: 'refused'; readonly status: number; readonly cause: string };

/**
 * Stands in for `$import` where a target has none. Slower by far, and **versions and lastUpdated
 * are given anew by the target**: history is not kept, and a repeat makes one more version unless
 * `ifVersion` is used.
 */
export interface BundleImport {
  readonly keepsVersions: false;
  /** @throws AppError for what concerns all writes: FHIR_UNAVAILABLE, FHIR_REFUSED, RESPONSE_UNREADABLE */
  load(writes: readonly BundleWrite[]): Promise<readonly BundleWriteResult[]>;
}
