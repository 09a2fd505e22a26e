import { keyPart, type StateTable } from './state-table.ts';
import type { Chapter } from './stories.ts';
import { readChapter } from './stories.ts';

export interface DeadLetters {
  record(chapters: readonly Chapter[]): Promise<void>;
  list(range: { readonly cause?: string; readonly limit: number }): Promise<readonly Chapter[]>;
  /** Removes letters whose change has found another ending. */
  settle(chapters: readonly Chapter[]): Promise<void>;
  count(): Promise<number>;
}

/** Changes that need a person, grouped by the class of their cause. */
export function createDeadLetters(table: StateTable): DeadLetters {
  return {
    record: async (chapters) => {
      await table.putAll(chapters.map((chapter) => ({ key: keyOf(chapter), body: chapter })));
    },
    list: async ({ cause, limit }) => {
      const found: Chapter[] = [];
      const range = cause === undefined ? { limit } : { partition: keyPart(cause), limit };
      for await (const { body } of table.list(range)) found.push(readChapter(body));
      return found;
    },
    settle: async (chapters) => {
      await Promise.all(chapters.map((chapter) => table.remove(keyOf(chapter))));
    },
    count: () => table.count(),
  };
}

const keyOf = ({ outcome }: Chapter) => ({
  partition: keyPart(outcome.problem?.cause ?? 'unknown'),
  row: keyPart(outcome.change.changeId),
});
