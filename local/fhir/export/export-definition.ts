import { z } from 'zod';

const scope = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('system') }),
  z.object({ kind: z.literal('patient') }),
  z.object({ kind: z.literal('group'), id: z.string() }),
]);

const typeFilter = z.object({
  type: z.string(),
  /** Search parameters without the leading question mark. */
  query: z.string(),
});

/** An `$export` as asked for, as the job keeps it; instants in milliseconds since 1970. */
export const exportDefinition = z.object({
  url: z.string(),
  scope,
  types: z.array(z.string()).nullable(),
  filters: z.array(typeFilter),
  /** From this instant on. */
  since: z.number().nullable(),
  /** Up to but without this instant. */
  until: z.number(),
  isParallel: z.boolean(),
  history: z.boolean(),
  deleted: z.boolean(),
  /** Resources per range, and so per file at most. */
  maxCount: z.number(),
  container: z.string().nullable(),
  anonymization: z.object({ config: z.string(), etag: z.string().nullable() }).nullable(),
});

export type ExportRequest = Readonly<z.infer<typeof exportDefinition>>;
export type ExportScope = z.infer<typeof scope>;
export type TypeFilter = z.infer<typeof typeFilter>;
