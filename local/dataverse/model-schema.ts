import { z } from 'zod';

/**
 * The form of a table model file: `data-model.json` beside this file and every
 * file given by `--extend`. A file may add tables, or add columns and keys to
 * tables that exist. Names of tables and columns are logical names.
 */
export const columnTypes = [
  'string',
  'memo',
  'integer',
  'bigint',
  'decimal',
  'double',
  'money',
  'boolean',
  'datetime',
  'date',
  'choice',
  'multichoice',
  'lookup',
  'guid',
] as const;

export type ColumnType = (typeof columnTypes)[number];

const logicalName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'a logical name is lower case letters, digits and underscores');

export const columnSchema = z.strictObject({
  type: z.enum(columnTypes),
  display: z.string().optional(),
  schemaName: z.string().optional(),
  /** Schema names of the relationships of a `lookup`, by target table. */
  relationships: z.record(logicalName, z.string()).optional(),
  /** Global choice that a `choice` or `multichoice` takes its options from. */
  globalChoice: z.string().optional(),
  /** Members to tell in the column's metadata beside those that follow from the form. */
  details: z.record(z.string(), z.unknown()).optional(),
  /** Longest value in characters, for `string` and `memo`. */
  maxLength: z.int().positive().optional(),
  /** Value to label, for `choice` and `multichoice`. Without it every whole number is accepted. */
  options: z.record(z.string().regex(/^-?\d+$/), z.string()).optional(),
  /** Logical names of the tables a `lookup` may point at. */
  targets: z.array(logicalName).optional(),
  required: z.enum(['none', 'recommended', 'application', 'system']).optional(),
  /**
   * Navigation property of a `lookup`: one name (which with several targets is given `_<target>`),
   * or one per target table.
   * Default: the logical name, or `<column>_<target>` when there is more than one target.
   */
  navigation: z.union([z.string(), z.record(logicalName, z.string())]).optional(),
  /** Name in the source of a virtual table; default the logical name. */
  externalName: z.string().min(1).optional(),
  /** False when the column cannot be written on create (the value sent is ignored). */
  create: z.boolean().optional(),
  /** False when the column cannot be written on update (the value sent is ignored). */
  update: z.boolean().optional(),
});

/** What holds the rows of a table: the database, a partitioned store, or another service. */
export const tableTypes = ['Standard', 'Elastic', 'Virtual'] as const;

/** Where the rows of a virtual table are. */
export const externalSchema = z.strictObject({
  /** Id of the row of `msdyn_odatav4ds` that says where the service is. */
  dataSource: z.guid(),
  /** Entity set there. */
  collection: z.string().min(1),
  /** What one of its rows is called there, told in the metadata. */
  name: z.string().min(1).optional(),
});

const keySchema = z.strictObject({
  name: z.string().min(1),
  columns: z.array(logicalName).min(1).max(16),
});

export const tableSchema = z.strictObject({
  display: z.string().optional(),
  schemaName: z.string().optional(),
  /** Default Standard. */
  tableType: z.enum(tableTypes).optional(),
  /** For a virtual table. */
  external: externalSchema.optional(),
  entitySet: z.string().optional(),
  primaryId: logicalName.optional(),
  primaryName: logicalName.optional(),
  columns: z.record(logicalName, columnSchema),
  keys: z.array(keySchema).max(10).optional(),
  changeTracking: z.boolean().optional(),
  /** False when `If-Match` with an etag is refused; default true. */
  optimisticConcurrency: z.boolean().optional(),
  /** Bulk messages of the table; default all three. */
  bulkMessages: z
    .array(z.enum(['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple', 'DeleteMultiple']))
    .optional(),
});

export const modelFileSchema = z.object({
  $comment: z.string().optional(),
  tables: z.record(logicalName, tableSchema),
});

export type ModelFile = z.infer<typeof modelFileSchema>;
export type TableType = (typeof tableTypes)[number];
export type External = z.infer<typeof externalSchema>;
export type TableForm = z.infer<typeof tableSchema>;
export type ColumnForm = z.infer<typeof columnSchema>;
