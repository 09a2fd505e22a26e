import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { insertText, type MapStorage, readText } from './storage.ts';

const nameSchema = z.object({
  kind: z.enum(['entity', 'expansion', 'values']),
  name: z.string(),
});

const entrySchema = nameSchema.extend({
  version: z.int().positive(),
  author: z.string(),
  /** ISO 8601, UTC. */
  savedAt: z.string(),
  change: z.enum([
    ...(['edit', 'copy', 'import', 'enable', 'disable'] as const),
    ...(['archive', 'restore', 'rollback'] as const),
  ]),
  content: z.object({ hash: z.string(), parts: z.int().positive() }),
});

export type MapName = Readonly<z.infer<typeof nameSchema>>;

export type MapKind = MapName['kind'];

/** A change of one map as the log has it: its content is kept elsewhere, under its hash. */
export type LoggedChange = Readonly<z.infer<typeof entrySchema>>;

/** One saved state of one map. Versions are never changed or removed: rolling back adds one. */
export interface MapVersion extends Omit<LoggedChange, 'content'> {
  /** The map file as JSON. */
  readonly content: unknown;
}

/**
 * Every change of every map, in one order that all hosts agree on. The number of
 * changes is the revision of the maps as a whole.
 */
export interface MapLog {
  /** Everything until now, oldest first. Costs one read when nothing is new. */
  entries(): Promise<readonly LoggedChange[]>;
  /**
   * Adds a change that was decided on this many earlier ones. `behind` when there
   * are more by now: then it has to be decided again, on what they made of the maps.
   */
  append(after: number, version: MapVersion): Promise<'appended' | 'behind'>;
  content(entry: LoggedChange): Promise<unknown>;
}

export function createMapLog(storage: MapStorage): MapLog {
  let known: readonly LoggedChange[] | undefined;
  let reading: Promise<readonly LoggedChange[]> | undefined;
  const read = async () => {
    known = known === undefined ? await listAll(storage) : await readOn(storage, known);
    return known;
  };
  return {
    entries: () => {
      // Shared by whoever asks meanwhile and ended before a later question is asked.
      reading ??= read().finally(() => {
        reading = undefined;
      });
      return reading;
    },
    append: async (after, { content, ...version }) => {
      const text = JSON.stringify(content);
      const hash = createHash('sha256').update(text).digest('hex');
      const parts = await insertText(storage, contentKey(hash), text);
      const entry: LoggedChange = { ...version, content: { hash, parts } };
      const inserted = await storage.insert(entryKey(after + 1), entry);
      return inserted === 'inserted' ? 'appended' : 'behind';
    },
    content: async (entry) => {
      const { hash, parts } = entry.content;
      const text = await readText(storage, contentKey(hash), parts);
      if (text === undefined) throw broken(`version ${entry.version} of ${entry.name}`);
      return JSON.parse(text);
    },
  };
}

const digits = 8;

const entryKey = (revision: number) => ({
  partition: 'changes',
  row: String(revision).padStart(digits, '0'),
});

const contentKey = (hash: string) => ({ partition: 'content', row: hash });

async function listAll(storage: MapStorage): Promise<readonly LoggedChange[]> {
  const found = new Map<string, LoggedChange>();
  for await (const { key, body } of storage.list({ partition: 'changes' })) {
    found.set(key.row, parse(body, key.row));
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
}

async function readOn(
  storage: MapStorage,
  known: readonly LoggedChange[],
): Promise<readonly LoggedChange[]> {
  const next = await storage.get(entryKey(known.length + 1));
  if (next === undefined) return known;
  return readOn(storage, [...known, parse(next, String(known.length + 1))]);
}

function parse(body: unknown, row: string): LoggedChange {
  const parsed = entrySchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw broken(`change ${row}`);
}

const broken = (what: string): AppError =>
  new AppError('INTERNAL', `${what} in the map store cannot be read`, { details: { what } });
