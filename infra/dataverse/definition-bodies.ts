import type { WantedColumn, WantedTable } from './table-file.ts';

const namespace = 'Microsoft.Dynamics.CRM';

/** Attribute types of the metadata, without `AttributeMetadata`. */
const types: Readonly<Record<Exclude<WantedColumn['type'], 'lookup'>, string>> = {
  string: 'String',
  memo: 'Memo',
  integer: 'Integer',
  bigint: 'BigInt',
  decimal: 'Decimal',
  double: 'Double',
  money: 'Money',
  boolean: 'Boolean',
  datetime: 'DateTime',
  date: 'DateTime',
  choice: 'Picklist',
  multichoice: 'MultiSelectPicklist',
  guid: 'UniqueIdentifier',
};

const levels = {
  none: 'None',
  recommended: 'Recommended',
  application: 'ApplicationRequired',
  system: 'ApplicationRequired',
} as const;

function label(text: string): object {
  const one = { '@odata.type': `${namespace}.LocalizedLabel`, Label: text, LanguageCode: 1033 };
  return { '@odata.type': `${namespace}.Label`, LocalizedLabels: [one] };
}

/** `fds_fhirversion` is shown as `Fhirversion` unless the file says better. */
function shown(name: string, display: string | undefined): object {
  const plain = name.replace(/^[a-z0-9]+_/, '');
  return label(display ?? `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}`);
}

function details(column: WantedColumn): object {
  switch (column.type) {
    case 'string':
      return { MaxLength: column.maxLength ?? 100, FormatName: { Value: 'Text' } };
    case 'memo':
      return { MaxLength: column.maxLength ?? 2000, Format: 'TextArea' };
    case 'date':
      return { Format: 'DateOnly', DateTimeBehavior: { Value: 'DateOnly' } };
    case 'datetime':
      return { Format: 'DateAndTime', DateTimeBehavior: { Value: 'UserLocal' } };
    case 'boolean': {
      const option = (Value: number, text: string) => ({ Value, Label: label(text) });
      return { OptionSet: { TrueOption: option(1, 'Yes'), FalseOption: option(0, 'No') } };
    }
    case 'choice':
    case 'multichoice': {
      const Options = Object.entries(column.options ?? {}).map(([value, text]) => ({
        Value: Number(value),
        Label: label(text),
      }));
      return { OptionSet: { IsGlobal: false, OptionSetType: 'Picklist', Options } };
    }
    default:
      return {};
  }
}

/** `AttributeMetadata` of a column that is no lookup. */
export function attributeBody(name: string, column: WantedColumn): object {
  const type = column.type === 'lookup' ? 'String' : types[column.type];
  return {
    '@odata.type': `${namespace}.${type}AttributeMetadata`,
    SchemaName: name,
    DisplayName: shown(name, column.display),
    RequiredLevel: { Value: levels[column.required ?? 'none'] },
    ...details(column),
  };
}

/** `EntityMetadata` of a table with its primary name column. */
export function tableBody(name: string, table: WantedTable, primaryName: string): object {
  const column = table.columns[primaryName] ?? { type: 'string' };
  const display = table.display ?? name;
  return {
    '@odata.type': `${namespace}.EntityMetadata`,
    SchemaName: name,
    DisplayName: label(display),
    DisplayCollectionName: label(`${display}s`),
    OwnershipType: 'UserOwned',
    HasActivities: false,
    HasNotes: false,
    IsActivity: false,
    ...(table.changeTracking === true ? { ChangeTrackingEnabled: true } : {}),
    Attributes: [{ ...attributeBody(primaryName, column), IsPrimaryName: true }],
  };
}

/** The schema name of a lookup is its navigation property where there is one for all targets. */
function lookupBody(name: string, column: WantedColumn): object {
  const { navigation } = column;
  const isCased = typeof navigation === 'string' && navigation.toLowerCase() === name;
  return {
    '@odata.type': `${namespace}.LookupAttributeMetadata`,
    SchemaName: isCased ? navigation : name,
    DisplayName: shown(name, column.display),
    RequiredLevel: { Value: levels[column.required ?? 'none'] },
  };
}

function relationshipName(table: string, name: string, target: string): string {
  const prefix = `${name.split('_')[0]}_`;
  const full = `${table}_${name}_${target}`;
  return full.startsWith(prefix) ? full : `${prefix}${full}`;
}

function relationshipBody(
  table: string,
  name: string,
  target: string,
  column: WantedColumn,
): object {
  const { navigation } = column;
  const property = typeof navigation === 'object' ? navigation[target] : undefined;
  return {
    '@odata.type': `${namespace}.OneToManyRelationshipMetadata`,
    SchemaName: relationshipName(table, name, target),
    ReferencedEntity: target,
    ReferencingEntity: table,
    ...(property === undefined ? {} : { ReferencingEntityNavigationPropertyName: property }),
    CascadeConfiguration: {
      ...{ Assign: 'NoCascade', Delete: 'RemoveLink', Merge: 'NoCascade' },
      ...{ Reparent: 'NoCascade', Share: 'NoCascade', Unshare: 'NoCascade' },
    },
  };
}

/** What is posted, and where below the Web API root, to make a lookup column. */
export function lookupRequest(
  table: string,
  name: string,
  column: WantedColumn,
): { readonly path: string; readonly body: object } {
  const targets = column.targets ?? [];
  const Lookup = lookupBody(name, column);
  const bodies = targets.map((target) => relationshipBody(table, name, target, column));
  return bodies.length === 1
    ? { path: 'RelationshipDefinitions', body: { ...bodies[0], Lookup } }
    : {
        path: 'CreatePolymorphicLookupAttribute',
        body: { OneToManyRelationships: bodies, Lookup },
      };
}

export function keyBody(name: string, columns: readonly string[]): object {
  return { SchemaName: name, DisplayName: label(name), KeyAttributes: columns };
}
