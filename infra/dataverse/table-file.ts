import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';

const columnSchema = z.strictObject({
  type: z.enum([
    ...(['string', 'memo', 'integer', 'bigint', 'decimal', 'double', 'money', 'boolean'] as const),
    ...(['datetime', 'date', 'choice', 'multichoice', 'lookup', 'guid'] as const),
  ]),
  display: z.string().optional(),
  maxLength: z.int().positive().optional(),
  options: z.record(z.string(), z.string()).optional(),
  targets: z.array(z.string()).min(1).optional(),
  navigation: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  required: z.enum(['none', 'recommended', 'application', 'system']).optional(),
});

const tableSchema = z.strictObject({
  display: z.string().optional(),
  /** Given for a table of our own; a table without it belongs to a solution and must be there. */
  primaryName: z.string().optional(),
  changeTracking: z.boolean().optional(),
  columns: z.record(z.string(), columnSchema),
  keys: z
    .array(z.strictObject({ name: z.string(), columns: z.array(z.string()).min(1) }))
    .optional(),
});

const fileSchema = z.object({ tables: z.record(z.string(), tableSchema) });

export type WantedColumn = z.infer<typeof columnSchema>;
export type WantedTable = z.infer<typeof tableSchema>;
/** Tables by logical name. */
export type TableFile = z.infer<typeof fileSchema>['tables'];

/**
 * Reads the tables and columns that the sync needs (`tables.json`).
 *
 * @throws AppError CONFIG_INVALID naming the place that is wrong.
 */
export async function readTableFile(path: string): Promise<TableFile> {
  const text = await readFile(path, 'utf8');
  try {
    return fileSchema.parse(JSON.parse(text)).tables;
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is not JSON';
    throw new AppError('CONFIG_INVALID', `${path} is not a table file: ${reason}`, { cause });
  }
}
