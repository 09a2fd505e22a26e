import { AppError } from '../errors.ts';
import type { HttpSend } from '../http/index.ts';
import { type FhirCapability, readCapability } from './capability.ts';
import { type PatchResult, type ResourcePatch, sendPatches } from './patch.ts';
import { type ReadResult, readTargets } from './read.ts';
import {
  isResourceId,
  isResourceType,
  type ResourceReference,
  referenceText,
  type VersionReference,
} from './reference.ts';
import type { FhirResource } from './resource.ts';
import { type SearchPage, searchAll, searchPage } from './search.ts';
import { createTransport } from './transport.ts';

/**
 * A FHIR R4 service. What happens to one resource is a value; what concerns a whole call is
 * thrown: AppError FHIR_UNAVAILABLE (retryable), FHIR_REFUSED, RESPONSE_UNREADABLE, and
 * INPUT_INVALID for a reference that cannot stand in a URL.
 */
export interface FhirClient {
  /** The current versions, in request order. */
  readCurrent(references: readonly ResourceReference[]): Promise<readonly ReadResult[]>;
  /** These very versions, in request order; a version that is a delete is `gone`. */
  readVersions(references: readonly VersionReference[]): Promise<readonly ReadResult[]>;
  /** Every match of a search; see `searchAll` for the errors. */
  search(
    resourceType: string,
    parameters: readonly (readonly [string, string])[],
    options?: { readonly maxPages?: number },
  ): AsyncIterable<FhirResource>;
  /** One page of a search, and the link to the next; see `searchPage`. */
  searchPage(
    resourceType: string,
    parameters: readonly (readonly [string, string])[],
    link?: string,
  ): Promise<SearchPage>;
  /** Conditional JSON patches, in request order. */
  patch(patches: readonly ResourcePatch[]): Promise<readonly PatchResult[]>;
  capability(): Promise<FhirCapability>;
}

export interface FhirClientOptions {
  /** Absolute base URL, with or without a trailing slash. */
  readonly url: string;
  readonly send: HttpSend;
  /** Entries of one batch Bundle at most; default 100. Azure Health Data Services takes 500. */
  readonly batchSize?: number;
}

/** @throws AppError CONFIG_INVALID when the URL is no http(s) base URL or the batch size no positive integer. */
export function createFhirClient(options: FhirClientOptions): FhirClient {
  const transport = createTransport(options.url, options.send);
  const batchSize = options.batchSize ?? 100;
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new AppError('CONFIG_INVALID', 'the FHIR batch size must be a positive integer');
  }

  return {
    readCurrent: (references) =>
      inBatches(references, batchSize, (chunk) =>
        readTargets(
          transport,
          chunk.map((reference) => ({ reference, path: pathOf(reference) })),
        ),
      ),
    readVersions: (references) =>
      inBatches(references, batchSize, (chunk) =>
        readTargets(
          transport,
          chunk.map((reference) => ({
            reference,
            path: `${pathOf(reference)}/_history/${soundId(reference.versionId)}`,
            versionId: reference.versionId,
          })),
        ),
      ),
    search: (resourceType, parameters, searchOptions) =>
      searchAll(transport, { resourceType, parameters, ...searchOptions }),
    searchPage: (resourceType, parameters, link) =>
      searchPage(transport, { resourceType, parameters }, link),
    patch: (patches) =>
      inBatches(patches, batchSize, (chunk) => {
        for (const { reference, versionId } of chunk) {
          pathOf(reference);
          soundId(versionId);
        }
        return sendPatches(transport, chunk);
      }),
    capability: () => readCapability(transport),
  };
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  send: (chunk: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await send(items.slice(start, start + size))));
  }
  return results;
}

function pathOf(reference: ResourceReference): string {
  if (!isResourceType(reference.resourceType) || !isResourceId(reference.id)) {
    throw new AppError('INPUT_INVALID', 'a reference is not of the form Type/id (FHIR R4 id)');
  }
  return referenceText(reference);
}

function soundId(versionId: string): string {
  if (!isResourceId(versionId)) {
    throw new AppError('INPUT_INVALID', 'a version id is not a FHIR R4 id');
  }
  return versionId;
}
