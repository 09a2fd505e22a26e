import { z } from 'zod';
import { path, sources } from './map-source.ts';

const logicalName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/)
  .describe('Logical name of a Dataverse table or column, lower case.');
const resourceName = z
  .string()
  .regex(/^[A-Z][A-Za-z]+$/)
  .describe('FHIR resource type.');
const option = z.union([z.string(), z.number(), z.boolean()]);

const common = {
  column: logicalName,
  required: z.boolean().optional().describe('An absent element is a problem.'),
  matching: z.boolean().optional().describe('Used in record matching (expansion maps).'),
  writeback: z.boolean().optional().describe('Sent back to FHIR; default true.'),
  disabled: z.boolean().optional(),
  when: z
    .string()
    .min(1)
    .optional()
    .describe("Conditions as in a filter, such as status=='final'; else the column is cleared."),
  returnElement: z
    .string()
    .regex(/^[a-z][A-Za-z]*$/)
    .optional()
    .describe('FHIR attribute metadata: what to ask for in _elements, if the path does not tell.'),
  note: z.string().optional(),
};
const scalar = {
  type: z.enum(['string', 'integer', 'decimal', 'double', 'boolean', 'date', 'datetime']),
  maxLength: z.int().positive().optional().describe('Of a string column, in UTF-16 units.'),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  units: z
    .record(z.string().min(1), z.number().positive())
    .optional()
    .describe('The source is a Quantity: accepted unit codes and what to multiply its value by.'),
  join: z.string().optional().describe('Joins all values of a string with this separator.'),
  onMisfit: z
    .enum(['reject', 'drop', 'truncate', 'round'])
    .optional()
    .describe('What to do with a value that does not fit; default reject.'),
};
const onMisfit = z.enum(['reject', 'drop']).optional();

const copyData = z.strictObject({
  ...common,
  action: z.literal('Copy Data'),
  source: sources,
  ...scalar,
});
const setDefaultValue = z.strictObject({
  ...common,
  action: z.literal('Set Default Value'),
  source: sources.optional(),
  ...scalar,
  type: z.enum([...scalar.type.options, 'choice']),
  value: option.describe('Used when the source is absent; never written back to FHIR.'),
});
const mappedValue = z.strictObject({
  ...common,
  action: z.literal('Mapped Value'),
  source: sources,
  type: z.enum(['choice', 'boolean', 'string']),
  values: z.string().describe('Name of a value map.'),
  default: option.optional().describe('Used when the element is absent.'),
  onMisfit,
});
const lookup = z.strictObject({
  ...common,
  action: z.literal('Lookup'),
  source: sources,
  type: z.literal('lookup'),
  table: z
    .union([logicalName, z.array(logicalName).min(1)])
    .describe('Table that the lookup column points to; several for a multi-table lookup.'),
  references: z.array(resourceName).min(1).describe('Accepted FHIR target types.'),
});
const lookupCodeableConcept = z.strictObject({
  ...common,
  action: z.literal('Lookup Codeable Concept'),
  source: sources,
  type: z.literal('lookup'),
  conceptType: z.int().describe('Option of msemr_codeableconcept.msemr_type.'),
  systems: z.array(z.string()).optional().describe('Preferred coding systems, best first.'),
  system: z.string().optional().describe('Code system of a bare code.'),
  onMisfit,
});
const expand = z.strictObject({
  action: z.literal('Expand'),
  source: sources,
  expansion: z
    .string()
    .describe('Name of an expansion map; in one, of the map of rows below its rows.'),
  disabled: z.boolean().optional(),
  note: z.string().optional(),
});

const columnMaps = [copyData, setDefaultValue, mappedValue, lookup, lookupCodeableConcept] as const;
const columnMap = z.discriminatedUnion('action', columnMaps);
const attributeMap = z.discriminatedUnion('action', [...columnMaps, expand]);

const shared = {
  $schema: z.string().optional(),
  name: z.string().min(1).max(100),
  disabled: z.boolean().optional(),
  archived: z.boolean().optional().describe('Kept for reference; cannot be enabled.'),
  writeback: z.boolean().optional().describe('Enable Write Back to FHIR; default false.'),
  supportedMessages: z.array(z.enum(['Create', 'Update'])).optional(),
  note: z.string().optional(),
  select: z
    .record(z.string().regex(/^[A-Za-z]\w*$/), z.union([path, z.array(path).min(1)]))
    .optional()
    .describe('Named parts, chosen once: { "name": "$.name[0]" } is used as $name.family.'),
};

/** A root map: one resource type to one table. */
export const entityMapSchema = z.strictObject({
  ...shared,
  resource: resourceName,
  table: logicalName,
  expand: z.literal(false).optional(),
  keys: z
    .strictObject({ id: logicalName, version: logicalName, lastUpdated: logicalName })
    .optional()
    .describe('FHIR key columns; default msemr_azurefhirid, …version, …lastupdatedon.'),
  discriminator: z.strictObject({ column: logicalName, value: z.int() }).optional(),
  patient: z
    .union([
      z.literal('self'),
      z.strictObject({
        path: z.union([path, z.array(path).min(1)]),
        column: logicalName.optional(),
      }),
    ])
    .optional()
    .describe('The patient whose consent governs the resource.'),
  attributes: z.array(attributeMap).min(1),
});

/** A child map: one array of a resource to rows of a table that point to their parent. */
export const expansionMapSchema = z.strictObject({
  ...shared,
  resource: z.union([resourceName, z.literal('*')]),
  table: z
    .string()
    .regex(/^[a-z][a-z0-9_{}]*$/)
    .describe('May hold {resource}.'),
  expand: z.literal(true),
  parentLink: z
    .string()
    .regex(/^[a-z][a-z0-9_{}]*$/)
    .describe('Lookup to the parent; may hold {resource}.'),
  onProblem: z.enum(['reject', 'skip-row']).optional(),
  identifier: z.strictObject({ systemColumn: logicalName, valueColumn: logicalName }).optional(),
  attributes: z.array(attributeMap).min(1),
});

/** R4 codes against Dataverse options. */
export const valueMapSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1),
  valueSet: z.string().optional().describe('Canonical of the R4 value set.'),
  system: z.string().optional().describe('Code system, needed to write a coding back.'),
  note: z.string().optional(),
  otherwise: option.nullable().optional().describe('For a code without a row.'),
  rows: z
    .array(
      z.strictObject({
        fhir: z.string(),
        dataverse: option.nullable().describe('null: the code has no counterpart.'),
        label: z.string().optional(),
        note: z.string().optional(),
      }),
    )
    .min(1),
});

/** A named list of root maps that are enabled together. */
export const packSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1),
  note: z.string().optional(),
  enabled: z.array(z.string()).min(1),
});

export type EntityMapFile = Readonly<z.infer<typeof entityMapSchema>>;
export type ExpansionMapFile = Readonly<z.infer<typeof expansionMapSchema>>;
export type ValueMapFile = Readonly<z.infer<typeof valueMapSchema>>;
export type PackFile = Readonly<z.infer<typeof packSchema>>;
export type AttributeMap = Readonly<z.infer<typeof attributeMap>>;
export type ColumnMap = Readonly<z.infer<typeof columnMap>>;
export type ExpandAttribute = Readonly<z.infer<typeof expand>>;
export type ScalarAttribute = Readonly<z.infer<typeof copyData> | z.infer<typeof setDefaultValue>>;

/** The JSON Schema of every map file, written to `maps/map.schema.json` for editors. */
export function mapJsonSchema(): unknown {
  const registry = z.registry<{ id: string }>();
  registry.add(entityMapSchema, { id: 'entityMap' });
  registry.add(expansionMapSchema, { id: 'expansionMap' });
  registry.add(valueMapSchema, { id: 'valueMap' });
  registry.add(packSchema, { id: 'pack' });
  const any = z.union([entityMapSchema, expansionMapSchema, valueMapSchema, packSchema]);
  return z.toJSONSchema(any, { metadata: registry });
}
