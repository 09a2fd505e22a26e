import { z } from 'zod';
import type { HttpResponse } from '../http/index.ts';

/** Types asked for in one batch: counting is slow at scale, and a bundle has to be answered in time. */
const perBatch = 40;

const answer = z.object({
  resourceType: z.literal('Bundle'),
  entry: z.array(
    z.object({
      response: z.object({ status: z.string().startsWith('200') }),
      resource: z.object({ total: z.int().min(0) }),
    }),
  ),
});

export interface CountBatches {
  /** Path of each count, in order. */
  readonly paths: readonly string[];
  readonly post: (bundle: string) => Promise<HttpResponse>;
  /** Where the service takes no batch of searches, or answers one of them otherwise. */
  readonly one: (path: string) => Promise<number>;
}

/** Many counts in few requests. A count that fails is a failure, never 0. */
export async function countInBatches({
  paths,
  post,
  one,
}: CountBatches): Promise<readonly number[]> {
  const counts: number[] = [];
  for (let first = 0; first < paths.length; first += perBatch) {
    const some = paths.slice(first, first + perBatch);
    const answered = countsIn(await post(bundleOf(some)), some.length);
    if (answered !== undefined) counts.push(...answered);
    else for (const path of some) counts.push(await one(path));
  }
  return counts;
}

function countsIn({ status, text }: HttpResponse, expected: number): readonly number[] | undefined {
  if (status !== 200) return undefined;
  const parsed = answer.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.entry.length !== expected) return undefined;
  return parsed.data.entry.map(({ resource }) => resource.total);
}

const bundleOf = (paths: readonly string[]): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'batch',
    entry: paths.map((url) => ({ request: { method: 'GET', url } })),
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
