import { z } from 'zod';
import { callFailure, type FhirTransport, unreadable } from './transport.ts';

/** One request inside a batch Bundle. */
export interface BatchEntry {
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  readonly ifMatch?: string;
  readonly resource?: unknown;
}

/** One answer, from a batch entry or from a plain call: the two are judged by the same rules. */
export interface EntryAnswer {
  readonly status: number;
  /** The resource, or the OperationOutcome of a failure. */
  readonly body: unknown;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const batchResponse = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.object({
      resource: z.unknown().optional(),
      response: z.object({
        status: z.string().regex(/^[1-5]\d\d/),
        etag: z.string().optional(),
        lastModified: z.string().optional(),
        outcome: z.unknown().optional(),
      }),
    }),
  ),
});

/**
 * Sends one batch Bundle (FHIR R4 3.1.0.11.1) and gives its answers in request order. A Bundle
 * that is too large for the service (413) is sent again in halves.
 *
 * Entries run in parallel on Azure Health Data Services ("bundle parallel processing" in its REST
 * capabilities page), which asks that no two entries write the same resource.
 *
 * @throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, RESPONSE_UNREADABLE
 */
export async function sendBatch(
  transport: FhirTransport,
  entries: readonly BatchEntry[],
): Promise<readonly EntryAnswer[]> {
  const answer = await transport.call({
    method: 'POST',
    path: '',
    headers: {
      'content-type': 'application/fhir+json',
      'x-bundle-processing-logic': 'parallel',
    },
    body: JSON.stringify({
      resourceType: 'Bundle',
      type: 'batch',
      entry: entries.map(({ method, path, ifMatch, resource }) => ({
        ...(resource === undefined ? {} : { resource }),
        request: { method, url: path, ...(ifMatch === undefined ? {} : { ifMatch }) },
      })),
    }),
  });
  if (answer.status === 413 && entries.length > 1) {
    return sendInHalves(transport, entries);
  }
  if (answer.status !== 200) {
    throw callFailure(answer.status, `a batch of ${entries.length}`);
  }
  return parseAnswers(answer.body, entries.length);
}

async function sendInHalves(
  transport: FhirTransport,
  entries: readonly BatchEntry[],
): Promise<readonly EntryAnswer[]> {
  const middle = Math.ceil(entries.length / 2);
  const first = await sendBatch(transport, entries.slice(0, middle));
  return [...first, ...(await sendBatch(transport, entries.slice(middle)))];
}

function parseAnswers(body: unknown, expected: number): readonly EntryAnswer[] {
  const parsed = batchResponse.safeParse(body);
  if (!parsed.success) {
    throw unreadable('a batch with something that is not a batch-response Bundle');
  }
  const { entry } = parsed.data;
  if (entry.length !== expected) {
    throw unreadable(`a batch of ${expected} with ${entry.length} entries`);
  }
  return entry.map(({ resource, response }) => ({
    status: Number(response.status.slice(0, 3)),
    body: resource ?? response.outcome,
    etag: response.etag,
    lastModified: response.lastModified,
  }));
}
