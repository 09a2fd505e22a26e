import { namedGuid } from './key-index.ts';
import type { Column, Table } from './model.ts';
import type { ColumnType } from './model-schema.ts';

export type MetadataObject = Readonly<Record<string, unknown>>;

interface AttributeKind {
  readonly code: string;
  /** Name of the metadata type, without its namespace. */
  readonly metadata: string;
}

const kind = (code: string, metadata = code): AttributeKind => ({
  code,
  metadata: `${metadata}AttributeMetadata`,
});

const kinds: Readonly<Record<ColumnType, AttributeKind>> = {
  string: kind('String'),
  memo: kind('Memo'),
  integer: kind('Integer'),
  bigint: kind('BigInt'),
  decimal: kind('Decimal'),
  double: kind('Double'),
  money: kind('Money'),
  boolean: kind('Boolean'),
  datetime: kind('DateTime'),
  date: kind('DateTime'),
  choice: kind('Picklist'),
  multichoice: kind('Virtual', 'MultiSelectPicklist'),
  lookup: kind('Lookup'),
  guid: { code: 'Uniqueidentifier', metadata: 'UniqueIdentifierAttributeMetadata' },
};

const special: Readonly<Record<string, AttributeKind>> = {
  statecode: kind('State'),
  statuscode: kind('Status'),
  ownerid: kind('Owner', 'Lookup'),
};

function kindOf(column: Column): AttributeKind {
  const isCustomer = column.targets.join(',') === 'account,contact';
  return special[column.name] ?? (isCustomer ? kind('Customer', 'Lookup') : kinds[column.type]);
}

export function label(text: string): MetadataObject {
  const localized = { Label: text, LanguageCode: 1033 };
  return { LocalizedLabels: [localized], UserLocalizedLabel: localized };
}

const requiredLevels: Readonly<Record<Column['required'], string>> = {
  none: 'None',
  recommended: 'Recommended',
  application: 'ApplicationRequired',
  system: 'SystemRequired',
};

function optionList(options: ReadonlyMap<number, string> | undefined): readonly MetadataObject[] {
  return [...(options ?? [])].map(([value, text]) => ({ Value: value, Label: label(text) }));
}

function optionSet(table: Table, column: Column): MetadataObject {
  return {
    MetadataId: namedGuid(`optionset ${table.name}.${column.name}`),
    Name: `${table.name}_${column.name}`,
    IsGlobal: false,
    OptionSetType: 'Picklist',
    Options: optionList(column.options),
  };
}

/** `OptionSetMetadata` of a global choice. */
export function globalChoice(
  name: string,
  options: ReadonlyMap<number, string>,
  display = name,
): MetadataObject {
  return {
    '@odata.type': '#Microsoft.Dynamics.CRM.OptionSetMetadata',
    MetadataId: namedGuid(`global optionset ${name}`),
    Name: name,
    DisplayName: label(display),
    IsGlobal: true,
    IsCustomOptionSet: true,
    OptionSetType: 'Picklist',
    Options: optionList(options),
  };
}

function booleanSet(table: Table, column: Column): MetadataObject {
  return {
    MetadataId: namedGuid(`optionset ${table.name}.${column.name}`),
    OptionSetType: 'Boolean',
    TrueOption: { Value: 1, Label: label('Yes') },
    FalseOption: { Value: 0, Label: label('No') },
  };
}

/** The largest text that Dataverse allows, said where the model does not know the length. */
const longestText = 4000;

function detail(table: Table, column: Column): MetadataObject {
  switch (column.type) {
    case 'string':
    case 'memo':
      return { MaxLength: column.maxLength ?? longestText };
    case 'choice':
    case 'multichoice':
      return column.globalChoice === undefined || column.options === undefined
        ? { OptionSet: optionSet(table, column), GlobalOptionSet: null }
        : { OptionSet: null, GlobalOptionSet: globalChoice(column.globalChoice, column.options) };
    case 'boolean':
      return { OptionSet: booleanSet(table, column), GlobalOptionSet: null };
    case 'lookup':
      return { Targets: column.targets };
    case 'integer':
      return { MinValue: -2_147_483_648, MaxValue: 2_147_483_647, Format: 'None' };
    case 'date':
      return { Format: 'DateOnly', DateTimeBehavior: { Value: 'DateOnly' } };
    case 'datetime':
      return { Format: 'DateAndTime', DateTimeBehavior: { Value: 'UserLocal' } };
    default:
      return {};
  }
}

/** `AttributeMetadata` of one column, with the members of its own type. */
export function attributeMetadata(table: Table, column: Column): MetadataObject {
  const { code, metadata } = kindOf(column);
  return {
    '@odata.type': `#Microsoft.Dynamics.CRM.${metadata}`,
    MetadataId: namedGuid(`attribute ${table.name}.${column.name}`),
    LogicalName: column.name,
    SchemaName: column.schemaName,
    EntityLogicalName: table.name,
    AttributeType: code,
    AttributeTypeName: { Value: `${metadata.replace('AttributeMetadata', '')}Type` },
    AttributeOf: null,
    DisplayName: label(column.display),
    RequiredLevel: { Value: requiredLevels[column.required], CanBeChanged: false },
    IsPrimaryId: column.name === table.primaryId,
    IsPrimaryName: column.name === table.primaryName,
    IsValidForCreate: column.create,
    IsValidForUpdate: column.update,
    IsValidForRead: true,
    IsCustomAttribute: column.name.includes('_'),
    ...detail(table, column),
    ...column.details,
  };
}
