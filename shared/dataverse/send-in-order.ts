import { footprintOf, mustFollow } from './batch-order.ts';
import type { BatchSender } from './batch-sender.ts';
import type { DataverseOperation } from './contract.ts';
import type { InnerRequest, InnerResponse } from './inner-http.ts';

/** One request of an operation; a query whose filter was split has several. */
export interface PlannedRequest {
  readonly operation: DataverseOperation;
  /** Position of the operation among the operations. */
  readonly index: number;
  readonly request: InnerRequest;
}

export interface AnsweredRequest extends PlannedRequest {
  readonly response: InnerResponse;
}

/**
 * Sends planned requests in batches: at the same time where no batch touches what an earlier one
 * writes, else one after the other, as if all had been one batch. After one failed, those that wait for
 * their turn are dropped; the failure is thrown when those under way have ended.
 */
export async function sendInOrder(
  planned: readonly PlannedRequest[],
  batchSize: number,
  sender: BatchSender,
): Promise<readonly AnsweredRequest[]> {
  const batches = chunk(planned, batchSize).map((requests) => ({
    requests,
    footprint: footprintOf(requests.map((request) => request.operation)),
  }));
  const stop = new AbortController();
  async function answerAfter(
    awaited: readonly Promise<unknown>[],
    requests: readonly PlannedRequest[],
  ): Promise<readonly AnsweredRequest[]> {
    try {
      await Promise.all(awaited);
      return await answer(requests, sender, stop.signal);
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  }

  const started: Promise<readonly AnsweredRequest[]>[] = [];
  for (const [position, batch] of batches.entries()) {
    const earlier = batches.slice(0, position);
    const awaited = started.filter((_, other) => {
      const before = earlier[other];
      return before !== undefined && mustFollow(batch.footprint, before.footprint);
    });
    started.push(answerAfter(awaited, batch.requests));
  }
  await Promise.allSettled(started);
  return (await Promise.all(started)).flat();
}

async function answer(
  requests: readonly PlannedRequest[],
  sender: BatchSender,
  signal: AbortSignal,
): Promise<readonly AnsweredRequest[]> {
  const responses = await sender(
    requests.map((planned) => planned.request),
    signal,
  );
  return requests.flatMap((planned, position) => {
    const response = responses[position];
    return response === undefined ? [] : [{ ...planned, response }];
  });
}

/** Cuts a list into pieces of at most `size`. */
export function chunk<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
