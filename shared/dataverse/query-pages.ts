import { AppError } from '../errors.ts';
import type { BatchSender } from './batch-sender.ts';
import type { DataverseResult, DataverseRow } from './contract.ts';
import { getRequest, type InnerResponse } from './inner-http.ts';
import { problemResult } from './operation-result.ts';
import { type PageShape, readPage } from './row-page.ts';

/** The first page of a query, or of one piece of a split query. */
export interface QueryAnswer {
  /** Position of the query among the operations. */
  readonly index: number;
  readonly shape: PageShape;
  readonly response: InnerResponse;
}

interface NextPage {
  readonly index: number;
  readonly shape: PageShape;
  readonly path: string;
}

/**
 * Follows next links until all pages of all queries are in, many in one request,
 * and puts the pieces of split queries together, each row once. A page that fails makes its whole
 * query fail: half an answer would look like deleted rows.
 *
 * @throws AppError RESPONSE_UNREADABLE for a page that is none, and for links that go in a circle.
 */
export async function readQueries(
  firstPages: readonly QueryAnswer[],
  batchSize: number,
  sender: BatchSender,
): Promise<ReadonlyMap<number, DataverseResult>> {
  const rows = new Map<number, Map<string, DataverseRow>>();
  const problems = new Map<number, DataverseResult>();
  const followed = new Set<string>();

  function take({ index, shape, response }: QueryAnswer): readonly NextPage[] {
    const found = rows.get(index) ?? new Map<string, DataverseRow>();
    rows.set(index, found);
    if (response.status !== 200) {
      problems.set(index, problemResult(response));
      return [];
    }
    const page = readPage(response.text, shape);
    for (const row of page.rows) {
      found.set(row.id, row);
    }
    return page.next === undefined ? [] : [{ index, shape, path: once(page.next) }];
  }

  function once(path: string): string {
    if (followed.has(path)) {
      throw new AppError('RESPONSE_UNREADABLE', 'the pages of a query go in a circle');
    }
    followed.add(path);
    return path;
  }

  const waiting = firstPages.flatMap(take);
  while (waiting.length > 0) {
    const pages = waiting.splice(0, batchSize);
    const responses = await sender(pages.map((page) => getRequest(page.path)));
    for (const [position, page] of pages.entries()) {
      const response = responses[position];
      waiting.push(...(response === undefined ? [] : take({ ...page, response })));
    }
  }
  const entries = [...rows].map(([index, found]): readonly [number, DataverseResult] => [
    index,
    problems.get(index) ?? { kind: 'rows', rows: [...found.values()] },
  ]);
  return new Map(entries);
}
