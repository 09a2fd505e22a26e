import { z } from 'zod';
import type { ColumnMetadata, TableMetadata } from './contract.ts';

const definitionSchema = z.object({
  LogicalName: z.string(),
  EntitySetName: z.string(),
  PrimaryIdAttribute: z.string(),
  Keys: z
    .array(
      z.object({
        SchemaName: z.string(),
        KeyAttributes: z.array(z.string()),
        EntityKeyIndexStatus: z.union([z.string(), z.number()]).nullish(),
      }),
    )
    .default([]),
  Attributes: z.array(
    z.object({
      LogicalName: z.string(),
      AttributeType: z.string(),
      IsValidForCreate: z.boolean().nullish(),
      IsValidForUpdate: z.boolean().nullish(),
      RequiredLevel: z.object({ Value: z.string() }).nullish(),
    }),
  ),
  ManyToOneRelationships: z
    .array(
      z.object({
        ReferencingAttribute: z.string(),
        ReferencedEntity: z.string(),
        ReferencingEntityNavigationPropertyName: z.string(),
      }),
    )
    .default([]),
});

const optionSet = z.object({ Options: z.array(z.object({ Value: z.number() })) }).nullish();
const detailSchema = z.object({
  value: z.array(
    z.object({
      LogicalName: z.string(),
      MaxLength: z.number().nullish(),
      OptionSet: optionSet,
      GlobalOptionSet: optionSet,
    }),
  ),
});

export type Definition = z.infer<typeof definitionSchema>;
export type ColumnDetail = z.infer<typeof detailSchema>['value'][number];

const definitionQuery = [
  '$select=LogicalName,EntitySetName,PrimaryIdAttribute',
  [
    '$expand=Keys($select=SchemaName,KeyAttributes,EntityKeyIndexStatus)',
    'Attributes($select=LogicalName,AttributeType,RequiredLevel,IsValidForCreate,IsValidForUpdate)',
    'ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName)',
  ].join(','),
].join('&');

const lengthQuery = '$select=LogicalName,MaxLength';
const optionQuery = '$select=LogicalName&$expand=OptionSet,GlobalOptionSet';
const ownOptionQuery = '$select=LogicalName&$expand=OptionSet';
const detailQueries = [
  ['StringAttributeMetadata', lengthQuery],
  ['MemoAttributeMetadata', lengthQuery],
  ['PicklistAttributeMetadata', optionQuery],
  ['StateAttributeMetadata', ownOptionQuery],
  ['StatusAttributeMetadata', ownOptionQuery],
] as const;

/** Paths below the Web API root: the definition first, then lengths and choices by column type. */
export function metadataPaths(logicalName: string): readonly string[] {
  const definition = `EntityDefinitions(LogicalName='${logicalName}')`;
  const details = detailQueries.map(
    ([cast, query]) => `${definition}/Attributes/Microsoft.Dynamics.CRM.${cast}?${query}`,
  );
  return [`${definition}?${definitionQuery}`, ...details];
}

export function readDefinition(text: string): Definition | undefined {
  return definitionSchema.safeParse(parseJson(text)).data;
}

export function readDetails(text: string): readonly ColumnDetail[] {
  return detailSchema.safeParse(parseJson(text)).data?.value ?? [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function toTable(definition: Definition, details: readonly ColumnDetail[]): TableMetadata {
  const detailByColumn = new Map(details.map((detail) => [detail.LogicalName, detail]));
  const lookups = new Map<string, Map<string, string>>();
  for (const relationship of definition.ManyToOneRelationships) {
    const targets = lookups.get(relationship.ReferencingAttribute) ?? new Map<string, string>();
    const { ReferencedEntity, ReferencingEntityNavigationPropertyName } = relationship;
    targets.set(ReferencedEntity, ReferencingEntityNavigationPropertyName);
    lookups.set(relationship.ReferencingAttribute, targets);
  }
  return {
    logicalName: definition.LogicalName,
    entitySet: definition.EntitySetName,
    primaryId: definition.PrimaryIdAttribute,
    columns: new Map(
      definition.Attributes.map((attribute) => [
        attribute.LogicalName,
        toColumn(attribute, detailByColumn.get(attribute.LogicalName)),
      ]),
    ),
    lookups,
    keys: definition.Keys.map((key) => ({
      name: key.SchemaName,
      columns: key.KeyAttributes,
      active: key.EntityKeyIndexStatus === 'Active' || key.EntityKeyIndexStatus === 2,
    })),
  };
}

function toColumn(
  attribute: Definition['Attributes'][number],
  detail: ColumnDetail | undefined,
): ColumnMetadata {
  const maxLength = detail?.MaxLength ?? undefined;
  const options = (detail?.OptionSet ?? detail?.GlobalOptionSet)?.Options;
  const level = attribute.RequiredLevel?.Value;
  return {
    logicalName: attribute.LogicalName,
    type: attribute.AttributeType,
    required: level === 'SystemRequired' || level === 'ApplicationRequired',
    validForCreate: attribute.IsValidForCreate ?? true,
    validForUpdate: attribute.IsValidForUpdate ?? true,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(options === undefined ? {} : { options: options.map((option) => option.Value) }),
  };
}
