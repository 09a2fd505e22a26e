import { z } from 'zod';
import { bareEtag } from './bare-etag.ts';
import type { BundleWrite, BundleWriteResult } from './contract.ts';
import type { SentOnce } from './job-call.ts';
import { issueType } from './operation-outcome.ts';

/** What became of a Bundle as a whole; `torn`: not known. */
export type WholeAnswer = SentOnce;

/** `split`: the Bundle was refused for one of its entries, and which is to be found out. */
export type BundleVerdict =
  | { readonly kind: 'split' }
  | { readonly kind: 'results'; readonly results: readonly BundleWriteResult[] };

const responseBundle = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.object({
      resource: z.unknown().optional(),
      response: z.object({
        status: z.string().regex(/^[1-5]\d\d/),
        etag: z.string().optional(),
        outcome: z.unknown().optional(),
      }),
    }),
  ),
});

/** Never throws: an answer that cannot be read leaves every write to a later try. */
export function readBundleResults(
  answer: WholeAnswer,
  writes: readonly BundleWrite[],
): BundleVerdict {
  const all = (result: BundleWriteResult): BundleVerdict => ({
    kind: 'results',
    results: writes.map(() => result),
  });
  if (answer === 'torn') {
    return all({ kind: 'later', status: 0 });
  }
  const { status, json } = answer;
  if (status !== 200) {
    if (isTransient(status)) {
      return all({ kind: 'later', status });
    }
    return writes.length > 1
      ? { kind: 'split' }
      : all(endingOf(writes[0], { status, etag: undefined, outcome: json }));
  }
  const parsed = responseBundle.safeParse(json);
  if (!parsed.success || parsed.data.entry.length !== writes.length) {
    return all({ kind: 'later', status });
  }
  const results = parsed.data.entry.map(({ resource, response }, index) =>
    endingOf(writes[index], {
      status: Number(response.status.slice(0, 3)),
      etag: response.etag,
      outcome: response.outcome ?? resource,
    }),
  );
  return { kind: 'results', results };
}

interface Ending {
  readonly status: number;
  readonly etag: string | undefined;
  readonly outcome: unknown;
}

function endingOf(write: BundleWrite | undefined, ending: Ending): BundleWriteResult {
  const { status, etag, outcome } = ending;
  if (isTransient(status)) {
    return { kind: 'later', status };
  }
  if (write?.kind === 'delete' && (status === 404 || status === 410)) {
    return { kind: 'absent' };
  }
  if (status >= 200 && status < 300) {
    const versionId = bareEtag(etag);
    const version = versionId === '' ? {} : { versionId };
    if (write?.kind === 'delete') {
      return { kind: 'deleted' };
    }
    return status === 201 ? { kind: 'created', ...version } : { kind: 'updated', ...version };
  }
  return status === 412
    ? { kind: 'conflict' }
    : { kind: 'refused', status, cause: issueType(outcome) };
}

/** 424: rolled back with others, or waiting for them. */
function isTransient(status: number): boolean {
  return [401, 408, 424, 425, 429].includes(status) || status >= 500;
}
