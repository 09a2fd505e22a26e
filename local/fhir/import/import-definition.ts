import { z } from 'zod';

const input = z.object({
  /** Null when the file may hold several types. */
  type: z.string().nullable(),
  url: z.string(),
  etag: z.string().nullable(),
});

/** An `$import` as asked for, as the job keeps it and as its content hash covers it. */
export const importDefinition = z.object({
  url: z.string(),
  inputFormat: z.string(),
  inputSource: z.string().nullable(),
  mode: z.enum(['IncrementalLoad', 'InitialLoad']),
  allowNegativeVersions: z.boolean(),
  eventualConsistency: z.boolean(),
  /** Bytes of a file that one unit reads. */
  unitBytes: z.number(),
  errorContainer: z.string().nullable(),
  input: z.array(input),
  /** Number of the user agent product, for the write log. */
  agent: z.number(),
});

export type ImportRequest = Readonly<z.infer<typeof importDefinition>>;
export type ImportInput = z.infer<typeof input>;

/** A byte range of one input file. */
export const importUnit = z.object({
  type: z.string().nullable(),
  url: z.string(),
  offset: z.number(),
});

export type ImportUnit = z.infer<typeof importUnit>;

/** What became of a unit. */
export const unitResult = z.object({
  succeeded: z.number(),
  failed: z.number(),
  errorUrl: z.string().nullable(),
});

export type UnitResult = z.infer<typeof unitResult>;
