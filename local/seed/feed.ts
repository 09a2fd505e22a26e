import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { FhirResource } from './resource.ts';
import { SeedError } from './seed-error.ts';

export interface FeedOptions {
  /** Base of the FHIR service, e.g. `http://127.0.0.1:8080`. */
  readonly fhirUrl: string;
  readonly resources: AsyncIterable<FhirResource> | Iterable<FhirResource>;
  /** Entries per batch Bundle. Default 100. */
  readonly batchSize?: number;
  /** Bundles under way at once. Default 2. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: { readonly sent: number; readonly failed: number }) => void;
}

export interface FeedFailure {
  /** `Type/id`. */
  readonly reference: string;
  /** HTTP status of the entry, or of the whole Bundle; 0 when the answer could not be read. */
  readonly status: number;
}

export interface FeedResult {
  readonly sent: number;
  readonly created: number;
  /** Entries that answered 200: the resource was there before. */
  readonly updated: number;
  readonly failures: readonly FeedFailure[];
}

type EntryOutcome =
  | { readonly kind: 'created' | 'updated'; readonly reference: string }
  | { readonly kind: 'failed'; readonly reference: string; readonly status: number };

const attempts = 8;

/**
 * Puts resources into a FHIR service as batch Bundles of PUT entries. Every entry's
 * own status counts, because a batch answers 200 with failures inside. Entries and
 * Bundles that are throttled (429, 503) are sent again; what fails is in the result.
 * @throws SeedError SERVER_UNREACHABLE when the service cannot be reached at all
 */
export async function feed(options: FeedOptions): Promise<FeedResult> {
  const batches = batchesOf(options.resources, options.batchSize ?? 100);
  const totals = { sent: 0, created: 0, updated: 0 };
  const failures: FeedFailure[] = [];
  const sender = async () => {
    for await (const batch of batches) {
      for (const outcome of await sendBatch(options.fhirUrl, batch)) {
        totals.sent += 1;
        if (outcome.kind === 'failed') {
          failures.push({ reference: outcome.reference, status: outcome.status });
        } else totals[outcome.kind] += 1;
      }
      options.onProgress?.({ sent: totals.sent, failed: failures.length });
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 2 }, sender));
  return { ...totals, failures };
}

type Batch = readonly FhirResource[];

/** One generator that several senders draw from: a generator queues its own callers. */
async function* batchesOf(
  resources: AsyncIterable<FhirResource> | Iterable<FhirResource>,
  size: number,
): AsyncGenerator<Batch, void> {
  let batch: FhirResource[] = [];
  for await (const resource of resources) {
    batch.push(resource);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function sendBatch(fhirUrl: string, batch: Batch): Promise<readonly EntryOutcome[]> {
  const done: EntryOutcome[] = [];
  let left = batch;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const { outcomes, retryAfterSeconds } = await postBundle(fhirUrl, left);
    const last = attempt === attempts;
    const again = new Set(last ? [] : outcomes.filter(isThrottled).map((one) => one.reference));
    done.push(...outcomes.filter(({ reference }) => !again.has(reference)));
    left = left.filter((resource) => again.has(referenceOf(resource)));
    if (left.length > 0) await sleep((retryAfterSeconds ?? 2 ** attempt / 10) * 1_000);
  }
  return done;
}

interface BundleAnswer {
  readonly outcomes: readonly EntryOutcome[];
  readonly retryAfterSeconds: number | undefined;
}

async function postBundle(fhirUrl: string, batch: Batch): Promise<BundleAnswer> {
  const response = await reach(fhirUrl, JSON.stringify(bundleOf(batch)));
  const body: unknown = await response.json().catch(() => undefined);
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds)
    ? Math.min(Math.max(seconds, 0), 60)
    : undefined;
  return { outcomes: outcomesOf(batch, response.status, body), retryAfterSeconds };
}

/** A torn connection is tried again: putting the same version twice changes nothing. */
async function reach(fhirUrl: string, body: string): Promise<Response> {
  const headers = {
    'content-type': 'application/fhir+json',
    accept: 'application/fhir+json',
    'user-agent': 'fhir-dataverse-seed/1',
  };
  let cause: unknown;
  for (const waitMilliseconds of [0, 100, 400, 1_600]) {
    await sleep(waitMilliseconds);
    try {
      return await fetch(fhirUrl, { method: 'POST', headers, body });
    } catch (problem) {
      cause = problem;
    }
  }
  throw new SeedError(
    'SERVER_UNREACHABLE',
    `The FHIR service at ${fhirUrl} does not answer: start it or correct the address.`,
    cause,
  );
}

function bundleOf(batch: Batch) {
  return {
    resourceType: 'Bundle',
    type: 'batch',
    entry: batch.map((resource) => ({
      resource,
      request: { method: 'PUT', url: referenceOf(resource) },
    })),
  };
}

const bundleResponse = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(z.object({ response: z.object({ status: z.string() }).optional() })),
});

/** Entries answer in the order of the request (FHIR R4 http, 3.1.0.11); an entry without answer has failed. */
function outcomesOf(batch: Batch, status: number, body: unknown): readonly EntryOutcome[] {
  if (status !== 200) return batch.map((resource) => failed(resource, status));
  const parsed = bundleResponse.safeParse(body);
  if (!parsed.success) return batch.map((resource) => failed(resource, 0));
  return batch.map((resource, index) => {
    const text = parsed.data.entry[index]?.response?.status ?? '';
    const entryStatus = /^\d{3}/.test(text) ? Number(text.slice(0, 3)) : 0;
    if (entryStatus === 201) return { kind: 'created', reference: referenceOf(resource) };
    if (entryStatus === 200) return { kind: 'updated', reference: referenceOf(resource) };
    return failed(resource, entryStatus);
  });
}

function failed(resource: FhirResource, status: number): EntryOutcome {
  return { kind: 'failed', reference: referenceOf(resource), status };
}

function isThrottled(outcome: EntryOutcome): boolean {
  return outcome.kind === 'failed' && (outcome.status === 429 || outcome.status === 503);
}

function referenceOf({ resourceType, id }: FhirResource): string {
  return `${resourceType}/${id}`;
}
