/** One request of the Web API, alone or as a part of a batch. */
export interface ApiRequest {
  readonly method: string;
  /** Raw path after `/api/data/v9.2/`, still percent-encoded. */
  readonly path: string;
  /** Raw text after `?`. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const jsonType = 'application/json; odata.metadata=minimal';

export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { status, headers: { 'Content-Type': jsonType, ...headers }, body: JSON.stringify(value) };
}

export function emptyResponse(
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return { status, headers, body: '' };
}

/** Facts A7: detection is on only when its suppression is switched off. */
export function detectsDuplicates(headers: ApiRequest['headers']): boolean {
  return headers['mscrm.suppressduplicatedetection']?.trim().toLowerCase() === 'false';
}

/** The members of the `Prefer` header that the stand-in knows. */
export interface Preferences {
  readonly returnsRepresentation: boolean;
  readonly maxPageSize: number | undefined;
  readonly continueOnError: boolean;
  readonly tracksChanges: boolean;
  /** Patterns of annotation names, `*` for all; empty when not asked for. */
  readonly annotations: readonly string[];
}

const noPreferences: Preferences = {
  returnsRepresentation: false,
  maxPageSize: undefined,
  continueOnError: false,
  tracksChanges: false,
  annotations: [],
};

export function readPreferences(prefer: string | undefined): Preferences {
  if (prefer === undefined) {
    return noPreferences;
  }
  const size = /(?:^|[,;\s])(?:odata\.)?maxpagesize=(\d+)/i.exec(prefer)?.[1];
  const annotations = /include-annotations="?([^"]*)"?/i.exec(prefer)?.[1];
  return {
    returnsRepresentation: /return=representation/i.test(prefer),
    maxPageSize: size === undefined ? undefined : Number(size),
    continueOnError: /continue-on-error(?!=false)/i.test(prefer),
    tracksChanges: /track-changes/i.test(prefer),
    annotations: annotations?.split(',').map((part) => part.trim()) ?? [],
  };
}
