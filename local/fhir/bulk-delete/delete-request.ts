import { isResourceType } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { isArray, isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { badRequest, notAllowed, unsupportedParameter } from '../outcome.ts';
import { parseSearch } from '../search/search-request.ts';
import { selectQueries } from '../search/select.ts';

/** What one bulk delete was asked to do; kept with the job. */
export interface BulkDelete {
  /** Undefined for the whole service. */
  readonly type: string | undefined;
  /** Search that picks the resources; '' for all. */
  readonly query: string;
  readonly operation: 'soft' | 'hard' | 'purge-history';
  /** Only tombstones, which go for good. */
  readonly softDeletedOnly: boolean;
  readonly excludedTypes: readonly string[];
  readonly removeReferences: boolean;
  readonly baseUrl: string;
  readonly agent: number;
}

const options = [
  '_hardDelete',
  'hardDelete',
  '_purgeHistory',
  '_remove-references',
  'excludedResourceTypes',
].map((name) => name.toLowerCase());

/** Kick-off of `$bulk-delete` and `$bulk-delete-soft-deleted` (facts, migration 2.4). */
export function startBulkDelete(service: Service, request: FhirRequest): Reply {
  if (request.method !== 'DELETE') throw notAllowed("'$bulk-delete' takes DELETE only.");
  checkHeaders(request);
  const asked = readRequest(request);
  checkSearch(service, asked);
  const job = service.jobs.submit('bulk-delete', definitionOf(asked));
  const location = `${request.baseUrl}/_operations/bulk-delete/${job.number}`;
  return { status: 202, body: '', headers: { 'content-location': location } };
}

function checkHeaders({ headers }: FhirRequest): void {
  if (!/\brespond-async\b/i.test(headers.prefer ?? '')) {
    throw badRequest('Missing required header value; header=Prefer,value=respond-async.');
  }
}

function readRequest({ path, query, baseUrl, agent }: FhirRequest): BulkDelete {
  const [type] = path.length === 2 ? path : [undefined];
  const softDeletedOnly = path.at(-1) === '$bulk-delete-soft-deleted';
  const isTrue = (...names: string[]) => names.some((name) => query.get(name) === 'true');
  const hard = softDeletedOnly || isTrue('_hardDelete', 'hardDelete');
  const excluded = (query.get('excludedResourceTypes') ?? '').split(',').filter(Boolean);
  const unknown = excluded.find((name) => !isResourceType(name));
  if (unknown !== undefined) throw badRequest(`'${unknown}' is no FHIR R4 resource type.`);
  const search = [...query].filter(([name]) => !options.includes(name.toLowerCase()));
  return {
    type,
    query: new URLSearchParams(search).toString(),
    operation: hard ? 'hard' : isTrue('_purgeHistory') ? 'purge-history' : 'soft',
    softDeletedOnly,
    excludedTypes: excluded,
    removeReferences: isTrue('_remove-references'),
    baseUrl,
    agent,
  };
}

/** A filter that would be ignored must not delete everything: 400, whatever the handling. */
function checkSearch(service: Service, { type, query, softDeletedOnly, baseUrl }: BulkDelete) {
  const search = new URLSearchParams(query);
  const other = [...search.keys()].find((name) => name !== '_lastUpdated');
  if (softDeletedOnly && other !== undefined) {
    throw unsupportedParameter(`The parameter '${other}' is not supported for this operation.`);
  }
  const place = { type, patient: undefined, baseUrl };
  const [unknown] = selectQueries(service, place, parseSearch(search)).unknown;
  if (unknown === undefined) return;
  throw unsupportedParameter(
    `The search parameter '${unknown}' is not supported for resource type '${type ?? 'Resource'}'.`,
  );
}

function definitionOf({ type, ...asked }: BulkDelete): JsonObject {
  return { ...asked, type: type ?? null };
}

/** Reads what `startBulkDelete` stored with the job. */
export function storedRequest(definition: Json): BulkDelete {
  const stored = isObject(definition) ? definition : {};
  const { operation, excludedTypes } = stored;
  return {
    type: textAt(stored, 'type'),
    query: textAt(stored, 'query') ?? '',
    operation: operation === 'hard' || operation === 'purge-history' ? operation : 'soft',
    softDeletedOnly: stored['softDeletedOnly'] === true,
    excludedTypes: isArray(excludedTypes)
      ? excludedTypes.filter((name) => typeof name === 'string')
      : [],
    removeReferences: stored['removeReferences'] === true,
    baseUrl: textAt(stored, 'baseUrl') ?? '',
    agent: Number(stored['agent'] ?? 0),
  };
}
