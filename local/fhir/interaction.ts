import type { JsonObject } from './json.ts';
import type { Issue } from './outcome.ts';
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
  /** Number of the user agent product, for the write log. */
  readonly agent: number;
}

/** The ending of an interaction; `version` gives ETag, Last-Modified and the default body. */
export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly version?: StoredVersion;
  readonly location?: string;
}

export interface Service {
  readonly repository: Repository;
  readonly matcher: Matcher;
  readonly history: History;
  readonly parameters: SearchParameters;
  readonly parameterNumbers: Numbering;
  /** Structural problems of a resource; empty when writes are not checked. */
  readonly checkResource: (resource: JsonObject) => readonly Issue[];
  readonly maximumBundleEntries: number;
  readonly startedAt: string;
}

export type Handler = (service: Service, request: FhirRequest) => Reply;
