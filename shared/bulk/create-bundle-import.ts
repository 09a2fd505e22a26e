import { AppError } from '../errors.ts';
import { createLoadLimiter, type HttpSend, type LoadLimiter } from '../http/index.ts';
import { baseUrl } from './base-url.ts';
import { readBundleResults, type WholeAnswer } from './bundle-results.ts';
import { bundleText } from './bundle-text.ts';
import type { BundleImport, BundleWrite, BundleWriteResult } from './contract.ts';
import { callOnce, refusal } from './job-call.ts';

export interface BundleImportOptions {
  /** Base URL of the FHIR service. */
  readonly url: string;
  readonly send: HttpSend;
  /** Entries of one Bundle; default 100. Azure Health Data Services takes 500. */
  readonly batchSize?: number;
  /** Default `batch`: one refused entry holds up no other. */
  readonly bundle?: 'batch' | 'transaction';
  /** Most Bundles in flight; default 8. Fewer under 429 (AIMD). */
  readonly concurrency?: number;
}

interface Target {
  readonly base: string;
  readonly send: HttpSend;
  readonly bundle: 'batch' | 'transaction';
  readonly limiter: LoadLimiter;
}

/** @throws AppError CONFIG_INVALID when the URL is no http(s) base URL. */
export function createBundleImport(options: BundleImportOptions): BundleImport {
  const batchSize = Math.max(1, options.batchSize ?? 100);
  const target: Target = {
    base: baseUrl(options.url),
    send: options.send,
    bundle: options.bundle ?? 'batch',
    limiter: createLoadLimiter(options.concurrency ?? 8),
  };

  return {
    keepsVersions: false,
    async load(writes) {
      const results = new Map<number, BundleWriteResult>();
      const load: Load = { ...target, isPutOff: false };
      for (const round of roundsOf(writes)) {
        const chunks = chunksOf(round, batchSize);
        const loaded = await Promise.all(chunks.map((chunk) => loadChunk(load, chunk)));
        for (const [index, result] of loaded.flat()) {
          results.set(index, result);
        }
      }
      return writes.flatMap((_, index) => results.get(index) ?? []);
    },
  };
}

/** One call of `load`. */
interface Load extends Target {
  /**
   * The server asked for a longer pause than a call should wait: what is not sent yet is left to a
   * later call, whose time is its caller's to choose.
   */
  isPutOff: boolean;
}

/** Longer pauses belong to the owner of the retries, not to a call in flight. */
const longestPauseSeconds = 2;

type Numbered = readonly [index: number, write: BundleWrite];
type Loaded = readonly (readonly [index: number, result: BundleWriteResult])[];

/**
 * The n-th write of a resource goes in the n-th round: entries of one Bundle run in any order, and
 * so do Bundles.
 */
function roundsOf(writes: readonly BundleWrite[]): readonly (readonly Numbered[])[] {
  const rounds: Numbered[][] = [];
  const seen = new Map<string, number>();
  for (const [index, write] of writes.entries()) {
    const key = `${write.resourceType}/${write.id}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    const list = rounds[round] ?? [];
    list.push([index, write]);
    rounds[round] = list;
  }
  return rounds;
}

function chunksOf(items: readonly Numbered[], size: number): readonly (readonly Numbered[])[] {
  const chunks: (readonly Numbered[])[] = [];
  for (let start = 0; start < items.length; start += size) {
    chunks.push(items.slice(start, start + size));
  }
  return chunks;
}

/** A Bundle that is refused as a whole is sent again in halves, down to the one entry at fault. */
async function loadChunk(target: Load, chunk: readonly Numbered[]): Promise<Loaded> {
  const writes = chunk.map(([, write]) => write);
  const answer = await target.limiter.run(async () =>
    target.isPutOff ? 'put-off' : sendBundle(target, writes),
  );
  if (answer === 'put-off') {
    return chunk.map(([index]) => [index, { kind: 'later', status: 429 }] as const);
  }
  const verdict = readBundleResults(answer, writes);
  if (verdict.kind === 'split') {
    const middle = Math.ceil(chunk.length / 2);
    const first = await loadChunk(target, chunk.slice(0, middle));
    return [...first, ...(await loadChunk(target, chunk.slice(middle)))];
  }
  if (verdict.results.some((result) => result.kind === 'later' && result.status === 429)) {
    target.limiter.throttled();
  }
  return chunk.flatMap(([index], position) => {
    const result = verdict.results[position];
    return result === undefined ? [] : [[index, result] as const];
  });
}

async function sendBundle(load: Load, writes: readonly BundleWrite[]): Promise<WholeAnswer> {
  const { base, send, bundle, limiter } = load;
  const what = `a ${bundle} of ${writes.length}`;
  const start = performance.now();
  const answer = await unlessUnreachable(() =>
    callOnce(
      send,
      {
        method: 'POST',
        url: base,
        headers: {
          accept: 'application/fhir+json',
          'content-type': 'application/fhir+json',
          ...(bundle === 'batch' ? { 'x-bundle-processing-logic': 'parallel' } : {}),
        },
        body: bundleText(bundle, writes),
        idempotent: true,
      },
      what,
    ),
  );
  if (answer === 'torn') {
    return 'torn';
  }
  if (answer.status === 429) {
    const { retryAfterSeconds = 0 } = refusal(answer, what);
    load.isPutOff ||= retryAfterSeconds > longestPauseSeconds;
    limiter.throttled(Math.min(retryAfterSeconds, longestPauseSeconds));
  } else {
    const milliseconds = performance.now() - start;
    limiter.observe({ kind: bundle, milliseconds, operations: writes.length });
  }
  if (concernsAll(answer.status)) {
    throw refusal(answer, what);
  }
  return answer;
}

/** Statuses that one entry can bring upon its whole Bundle, besides those that may pass. */
const mayBeOneEntry = new Set([400, 404, 409, 410, 412, 413, 422]);

function concernsAll(status: number): boolean {
  const mayPass = status === 408 || status === 424 || status === 425 || status === 429;
  return status !== 200 && status < 500 && !mayPass && !mayBeOneEntry.has(status);
}

async function unlessUnreachable<Value>(call: () => Promise<Value>): Promise<Value | 'torn'> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof AppError && error.code === 'FHIR_UNAVAILABLE') {
      return 'torn';
    }
    throw error;
  }
}
