import { AppError } from '../errors.ts';
import { type EntryAnswer, sendBatch } from './batch.ts';
import { issueCode } from './operation-outcome.ts';
import type { ResourceReference } from './reference.ts';
import { type FhirResource, isFhirResource } from './resource.ts';
import { type FhirTransport, isTransient } from './transport.ts';

/**
 * The ending of one read. `gone` (410: it was deleted) and `missing` (404: never there, or purged)
 * both mean that there is nothing to send; `failed` may succeed later; `unreadable` needs a person.
 */
export type ReadResult =
  | {
      readonly kind: 'current';
      readonly reference: ResourceReference;
      readonly versionId: string;
      readonly lastUpdated: string;
      readonly resource: FhirResource;
    }
  | { readonly kind: 'gone'; readonly reference: ResourceReference }
  | { readonly kind: 'missing'; readonly reference: ResourceReference }
  | {
      readonly kind: 'unreadable';
      readonly reference: ResourceReference;
      readonly status: number;
      readonly problem: string;
    }
  | {
      readonly kind: 'failed';
      readonly reference: ResourceReference;
      readonly retryAfterSeconds?: number;
    };

export interface ReadTarget {
  readonly reference: ResourceReference;
  readonly path: string;
  /** When given, any other version in the answer is unreadable. */
  readonly versionId?: string;
}

/** Reads up to one batch of targets: a single one as a plain GET, several as one batch Bundle. */
export async function readTargets(
  transport: FhirTransport,
  targets: readonly ReadTarget[],
): Promise<readonly ReadResult[]> {
  const answers = await answersFor(transport, targets);
  return targets.map((target, index) => {
    const answer = answers[index];
    return answer === undefined
      ? { kind: 'failed', reference: target.reference }
      : resultOf(target, answer);
  });
}

async function answersFor(
  transport: FhirTransport,
  targets: readonly ReadTarget[],
): Promise<readonly EntryAnswer[]> {
  const [only] = targets;
  if (only === undefined) {
    return [];
  }
  try {
    return targets.length === 1
      ? [await plainGet(transport, only)]
      : await sendBatch(
          transport,
          targets.map(({ path }) => ({ method: 'GET', path })),
        );
  } catch (error) {
    return answersOfOversized(transport, targets, error);
  }
}

/**
 * Several bodies that together exceed the size we accept are read again in halves, so that one
 * huge resource never makes its neighbours unreadable; alone, it ends as unreadable itself.
 */
async function answersOfOversized(
  transport: FhirTransport,
  targets: readonly ReadTarget[],
  error: unknown,
): Promise<readonly EntryAnswer[]> {
  if (!(error instanceof AppError) || error.code !== 'BODY_TOO_LARGE') {
    throw error;
  }
  if (targets.length === 1) {
    return [{ status: 200, body: undefined, etag: undefined, lastModified: undefined }];
  }
  const middle = Math.ceil(targets.length / 2);
  const first = await answersFor(transport, targets.slice(0, middle));
  return [...first, ...(await answersFor(transport, targets.slice(middle)))];
}

async function plainGet(transport: FhirTransport, target: ReadTarget): Promise<EntryAnswer> {
  const { status, headers, body } = await transport.call({ method: 'GET', path: target.path });
  return {
    status,
    body,
    etag: headers.get('etag') ?? undefined,
    lastModified: headers.get('last-modified') ?? undefined,
  };
}

function resultOf(target: ReadTarget, answer: EntryAnswer): ReadResult {
  const { reference } = target;
  const { status, body } = answer;
  if (status === 200) {
    return currentOf(target, answer);
  }
  if (status === 410) {
    return { kind: 'gone', reference };
  }
  if (status === 404) {
    return { kind: 'missing', reference };
  }
  if (isTransient(status)) {
    return { kind: 'failed', reference };
  }
  return { kind: 'unreadable', reference, status, problem: `refused (${issueCode(body)})` };
}

function currentOf(target: ReadTarget, { status, body }: EntryAnswer): ReadResult {
  const { reference } = target;
  const unreadable = (problem: string): ReadResult => ({
    kind: 'unreadable',
    reference,
    status,
    problem,
  });
  if (!isFhirResource(body)) {
    return unreadable('the body is missing, too large or not a FHIR resource');
  }
  if (body.resourceType !== reference.resourceType || body.id !== reference.id) {
    return unreadable('the body is another resource than the one asked for');
  }
  const { versionId, lastUpdated } = body.meta ?? {};
  if (versionId === undefined || lastUpdated === undefined) {
    return unreadable('meta.versionId or meta.lastUpdated is missing');
  }
  if (target.versionId !== undefined && target.versionId !== versionId) {
    return unreadable('the body is another version than the one asked for');
  }
  return { kind: 'current', reference, versionId, lastUpdated, resource: body };
}
