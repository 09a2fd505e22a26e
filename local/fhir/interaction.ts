import type { BulkSettings } from './jobs/bulk-settings.ts';
import type { Jobs } from './jobs/index.ts';
import type { JsonObject } from './json.ts';
import type { FhirError, Issue } from './outcome.ts';
import type { ParameterRegistry } from './reindex/index.ts';
import type { Matcher } from './search/match-query.ts';
import type { SearchParameters } from './search/parameters.ts';
import type { Numbering } from './store/database.ts';
import type { History } from './store/history.ts';
import type { Repository } from './store/repository.ts';
import type { StoredVersion } from './store/stored-version.ts';

/** One FHIR interaction, from an HTTP request or from an entry of a bundle. */
export interface FhirRequest {
  readonly method: string;
  /** Path segments below the base, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject | undefined;
  /** JSON Patch operations, when the body is no resource. */
  readonly patch: readonly unknown[] | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifNoneExist: string | undefined;
  /** The id a transaction has decided for this create. */
  readonly assignedId?: string;
  readonly preferReturn: 'minimal' | 'representation' | 'OperationOutcome';
  readonly strict: boolean;
  readonly baseUrl: string;
  /** Headers that kick-offs of asynchronous operations check, as they came. */
  readonly headers: KickOffHeaders;
  /** Number of the user agent product, for the write log. */
  readonly agent: number;
  /** A fault: reads and searches show resources as they were before their last write. */
  readonly stale: boolean;
}

export interface KickOffHeaders {
  readonly accept: string | undefined;
  readonly prefer: string | undefined;
  readonly contentType: string | undefined;
}

/** The ending of an interaction; `version` gives ETag, Last-Modified and the default body. */
export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly version?: StoredVersion;
  readonly location?: string;
  /** Further headers; a Content-Type among them replaces the usual one. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer waits this many milliseconds. */
  readonly delayMs?: number;
}

export interface Service {
  readonly repository: Repository;
  readonly matcher: Matcher;
  readonly history: History;
  /** The parameters that can be searched by at the moment. */
  readonly parameters: SearchParameters;
  readonly parameterNumbers: Numbering;
  /** Built-in and custom search parameters and what state they are in. */
  readonly registry: ParameterRegistry;
  /** Structural problems of a resource; empty when writes are not checked. */
  readonly checkResource: (resource: JsonObject) => readonly Issue[];
  readonly maximumBundleEntries: number;
  readonly startedAt: string;
  /** Types that the CapabilityStatement names. */
  readonly describedTypes: readonly string[];
  /** To be called by background work that may have caused events, outside of transactions. */
  readonly wakeEvents: () => void;
  /** A fault: the failure of one entry of a bundle, when one was asked for. */
  readonly entryFault?: (method: string, url: string) => FhirError | undefined;
  /** Asynchronous operations under way and done. */
  readonly jobs: Jobs;
  readonly bulk: BulkSettings;
}

export type Handler = (service: Service, request: FhirRequest) => Reply;
