import { type BatchEntry, type EntryAnswer, sendBatch } from './batch.ts';
import { issueCode } from './operation-outcome.ts';
import { isResourceId, type ResourceReference, referenceText } from './reference.ts';
import { isFhirResource } from './resource.ts';
import { type FhirTransport, isTransient } from './transport.ts';

/** RFC 6902, the operations that a merge needs. */
export interface JsonPatchOperation {
  readonly op: 'add' | 'replace' | 'remove' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export interface ResourcePatch {
  readonly reference: ResourceReference;
  /** The version that the operations were computed from; any other current version refuses them. */
  readonly versionId: string;
  readonly operations: readonly JsonPatchOperation[];
}

/**
 * The ending of one patch. After `changed` (412, 409) and `failed` the caller reads the current
 * version and decides again: a failed patch may have been applied before the answer was lost.
 */
export type PatchResult =
  | { readonly kind: 'patched'; readonly versionId: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly status: number; readonly issue: string }
  | { readonly kind: 'failed'; readonly retryAfterSeconds?: number };

/**
 * Sends patches, each conditional on its version: a single one as a plain PATCH with If-Match,
 * several as one batch Bundle of Binary resources (FHIR R4 3.1.0.11.6). Results in request order.
 * A second patch of one resource is not sent: the first takes away the version it was made for.
 */
export async function sendPatches(
  transport: FhirTransport,
  patches: readonly ResourcePatch[],
): Promise<readonly PatchResult[]> {
  const taken = new Set<string>();
  const sent = patches.filter(({ reference }) => {
    const text = referenceText(reference);
    return !taken.has(text) && taken.add(text);
  });
  const answers = await answersFor(transport, sent);
  const results = new Map(sent.map((patch, index) => [patch, resultOf(patch, answers[index])]));
  return patches.map((patch) => results.get(patch) ?? { kind: 'changed' });
}

async function answersFor(
  transport: FhirTransport,
  patches: readonly ResourcePatch[],
): Promise<readonly EntryAnswer[]> {
  const [only] = patches;
  if (only === undefined) {
    return [];
  }
  return patches.length === 1
    ? [await plainPatch(transport, only)]
    : await sendBatch(transport, patches.map(entryOf));
}

async function plainPatch(transport: FhirTransport, patch: ResourcePatch): Promise<EntryAnswer> {
  const { status, headers, body } = await transport.call({
    method: 'PATCH',
    path: referenceText(patch.reference),
    headers: {
      'content-type': 'application/json-patch+json',
      'if-match': etagOf(patch.versionId),
      prefer: 'return=minimal',
    },
    body: JSON.stringify(patch.operations),
  });
  return { status, body, etag: headers.get('etag') ?? undefined, lastModified: undefined };
}

function entryOf(patch: ResourcePatch): BatchEntry {
  return {
    method: 'PATCH',
    path: referenceText(patch.reference),
    ifMatch: etagOf(patch.versionId),
    resource: {
      resourceType: 'Binary',
      contentType: 'application/json-patch+json',
      data: Buffer.from(JSON.stringify(patch.operations)).toString('base64'),
    },
  };
}

/** FHIR R4 3.1.0.1.8: a weak ETag around the version id. */
function etagOf(versionId: string): string {
  return `W/"${versionId}"`;
}

function resultOf(patch: ResourcePatch, answer: EntryAnswer | undefined): PatchResult {
  if (answer === undefined || isTransient(answer.status)) {
    return { kind: 'failed' };
  }
  const { status, body } = answer;
  if (status === 200 || status === 201 || status === 204) {
    const versionId = newVersionOf(patch, answer);
    return versionId === undefined ? { kind: 'failed' } : { kind: 'patched', versionId };
  }
  if (status === 412 || status === 409) {
    return { kind: 'changed' };
  }
  if (status === 404 || status === 410) {
    return { kind: 'gone' };
  }
  return { kind: 'refused', status, issue: issueCode(body) };
}

/** From the ETag, else from the body, and only when the body is the resource that was patched. */
function newVersionOf(patch: ResourcePatch, { body, etag }: EntryAnswer): string | undefined {
  const tagged = etag?.match(/^(?:W\/)?"(?<version>[^"]+)"$/)?.groups?.['version'];
  if (!isFhirResource(body) || body.resourceType === 'OperationOutcome') {
    return isResourceId(tagged) ? tagged : undefined;
  }
  const { resourceType, id } = patch.reference;
  const isPatched = body.resourceType === resourceType && body.id === id;
  const versionId = tagged ?? body.meta?.versionId;
  return isPatched && isResourceId(versionId) ? versionId : undefined;
}
