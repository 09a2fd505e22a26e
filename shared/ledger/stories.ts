import { z } from 'zod';
import type { ChangeOutcome } from '../outcomes/index.ts';
import { outcomeKinds } from '../outcomes/index.ts';
import { resourceKey } from './resource-key.ts';
import type { StateTable } from './state-table.ts';

const changeSchema = z.object({
  changeId: z.string(),
  resourceType: z.string(),
  id: z.string(),
  versionId: z.string().exactOptional(),
  kind: z.enum(['created', 'updated', 'deleted']),
  cause: z.enum(['event', 'release', 'backfill', 'redrive', 'repair']),
  occurredAt: z.string(),
});

const problemSchema = z.object({
  cause: z.string(),
  code: z.string(),
  map: z.string().exactOptional(),
  column: z.string().exactOptional(),
  path: z.string().exactOptional(),
  remedy: z.string(),
});

const outcomeSchema = z.object({
  change: changeSchema,
  kind: z.enum(outcomeKinds),
  versionId: z.string().exactOptional(),
  table: z.string().exactOptional(),
  rowId: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  waitingFor: z.array(z.string()).exactOptional(),
  problem: problemSchema.exactOptional(),
  children: z
    .object({ added: z.number(), changed: z.number(), removed: z.number() })
    .exactOptional(),
  identifierVersion: z.string().exactOptional(),
});

const chapterSchema = z.object({
  instanceId: z.string(),
  at: z.string(),
  outcome: outcomeSchema,
});

/** One ending in the life of a resource, and the orchestration that brought it about. */
export interface Chapter {
  readonly instanceId: string;
  readonly at: string;
  readonly outcome: ChangeOutcome;
}

export interface Stories {
  record(chapters: readonly Chapter[]): Promise<void>;
  /** Everything that happened to one resource, oldest first. */
  of(reference: {
    readonly resourceType: string;
    readonly id: string;
  }): Promise<readonly Chapter[]>;
}

/** Looks up what became of each change, by the resource it speaks of. */
export function createStories(table: StateTable): Stories {
  return {
    record: (chapters) =>
      table.putAll(chapters.map((chapter) => ({ key: keyOf(chapter), body: chapter }))),
    of: async (reference) => {
      const { partition, row: rowPrefix } = resourceKey(reference, '');
      const chapters: Chapter[] = [];
      for await (const { body } of table.list({ partition, rowPrefix })) {
        chapters.push(readChapter(body));
      }
      return chapters.sort(
        (left, right) => Number(left.at > right.at) - Number(left.at < right.at),
      );
    },
  };
}

/** Parses a stored chapter; unknown members are dropped. */
export function readChapter(body: unknown): Chapter {
  return chapterSchema.parse(body);
}

/** One chapter per change and orchestration: an event that comes in twice has two endings to tell. */
const keyOf = ({ instanceId, outcome }: Chapter) =>
  resourceKey(outcome.change, `${outcome.change.changeId}!${instanceId}`);
